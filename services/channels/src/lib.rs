//! Workspaces, members, channels and roles.
