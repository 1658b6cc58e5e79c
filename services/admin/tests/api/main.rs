//! The admin service against the real broker and store; the events are real, and their producers are played.
#![expect(clippy::unwrap_used, reason = "a broken assumption fails the test where it is noticed")]

mod audit_log_access;
mod audit_log_get;
mod audit_log_list;
mod document;
mod foreign_ids;
mod harness;
mod outage;
mod recording;
mod refusals;
mod scopes;
mod user_entries;
