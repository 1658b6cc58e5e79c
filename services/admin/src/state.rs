//! What handlers and the consumer share.

use crate::metrics::AdminMetrics;
use crate::store::audit_log::AuditLog;

/// What handlers and the consumer share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) log: AuditLog,
    pub(crate) metrics: AdminMetrics,
    /// Entries of one search that can be counted and paged through.
    pub(crate) window: u32,
}
