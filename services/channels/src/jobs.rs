//! What happens on a timer.

pub(crate) mod purge_idempotency_keys;
