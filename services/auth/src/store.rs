//! Queries and nothing else, one file per aggregate.

pub(crate) mod email_tokens;
pub(crate) mod mail_queue;
pub(crate) mod refresh_tokens;
pub(crate) mod registrations;
pub(crate) mod sealed;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod usernames;
pub(crate) mod users;
