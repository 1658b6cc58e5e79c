//! What is asked about the caller himself.

pub(super) mod list_workspaces;
