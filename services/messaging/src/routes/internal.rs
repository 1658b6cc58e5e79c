//! `/internal`: what presence and auth ask. Service tokens only; the gateway does not route it.

pub(crate) mod events;
pub(crate) mod head_at;
pub(crate) mod heads;
pub(crate) mod user_messages;
pub(crate) mod user_reactions;
