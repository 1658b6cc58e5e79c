//! What other services ask. The gateway does not route these paths, and each takes a service token.

pub(super) mod list_user_entries;
