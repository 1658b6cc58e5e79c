//! Queries only, one file per aggregate.
//!
//! `find_seated` and `lock_seated` read a thing together with the caller's place in it; what is written is returned as it
//! stands afterwards, because events and answers tell the whole of it.

pub(crate) mod channel_lists;
pub(crate) mod channel_members;
pub(crate) mod channels;
mod columns;
pub(crate) mod dms;
pub(crate) mod fellowships;
pub(crate) mod invites;
pub(crate) mod provisioned_members;
pub(crate) mod standing;
pub(crate) mod users;
pub(crate) mod workspace_members;
pub(crate) mod workspaces;
