//! `/workspaces/{id}/invite`: another name of `/workspaces/{id}/invites`.

pub(super) mod create;
pub(super) mod list;
