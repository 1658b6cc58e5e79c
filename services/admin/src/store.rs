//! Queries of the service's MongoDB database.

pub(crate) mod audit_log;
