//! The channels service over HTTP, with the real stores.

#![expect(clippy::expect_used, reason = "a broken assumption fails the test where it is noticed")]

mod channel_members;
mod channels_create;
mod channels_life;
mod channels_list;
mod dms;
mod foreign_ids;
mod harness;
mod internal;
mod invites;
mod keyed_writes;
mod profiles;
mod provisioning;
mod refusals;
mod scopes;
mod user_erased;
mod workspace_members;
mod workspace_members_add;
mod workspaces_create;
mod workspaces_life;
mod workspaces_require_mfa;
