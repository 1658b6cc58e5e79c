//! What handlers and consumers share.

use colink_core::clock::SharedClock;
use colink_http::client::InternalClient;
use sqlx::PgPool;

use crate::metrics::SearchMetrics;

/// What handlers and consumers share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) pool: PgPool,
    pub(crate) channels: InternalClient,
    pub(crate) metrics: SearchMetrics,
    pub(crate) clock: SharedClock,
}
