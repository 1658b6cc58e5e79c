//! `/internal`: what presence asks. Service tokens only; the gateway does not route it.

pub(crate) mod events;
pub(crate) mod heads;
