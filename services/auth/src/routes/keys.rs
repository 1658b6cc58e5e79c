//! The keys of access tokens.

pub(crate) mod jwks;
pub(crate) mod rotate;
