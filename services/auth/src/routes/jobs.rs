//! The background jobs of this service, for administrators of the installation.

pub(crate) mod list;
pub(crate) mod requeue;
