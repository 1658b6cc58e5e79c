//! What of an event is recorded, and how the record is searched. Pure.

pub(crate) mod entry;
pub(crate) mod mapping;
mod rules;
pub(crate) mod search;
