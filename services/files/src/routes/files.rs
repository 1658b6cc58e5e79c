//! Uploading, fetching, listing and deleting files.

pub(super) mod confirm;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod request_download;
pub(super) mod request_upload;
