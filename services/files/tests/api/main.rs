//! The files service on the real stores; only the channels service is played by a stub.

#![expect(clippy::unwrap_used, reason = "test code: a broken assumption fails the test")]

mod access;
mod channels_stub;
mod files_confirm;
mod files_delete;
mod files_get;
mod files_list;
mod files_request_download;
mod files_request_upload;
mod foreign_ids;
mod harness;
mod internal_users;
mod jobs;
mod keyed_writes;
mod refusals;
mod relay;
mod scopes;
