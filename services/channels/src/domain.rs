//! Pure rules.

pub(crate) mod dm_key;
pub(crate) mod invite_token;
pub(crate) mod search;
