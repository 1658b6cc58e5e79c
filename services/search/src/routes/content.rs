//! Messages and files as what is searched.

pub(crate) mod search;
