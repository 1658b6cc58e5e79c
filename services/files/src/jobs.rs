//! What happens without anybody asking. Several replicas may run every job at once.

pub(crate) mod expire_uploads;
pub(crate) mod purge_keys;
pub(crate) mod relay_events;
pub(crate) mod remove_objects;
