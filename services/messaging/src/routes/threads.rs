//! `/messages/{message_id}/threads`.

pub(crate) mod list;
pub(crate) mod reply;
