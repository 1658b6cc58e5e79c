//! The mails this service writes, to be looked at.

pub(crate) mod list;
pub(crate) mod show;
