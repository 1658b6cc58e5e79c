//! What handlers and jobs share.

use std::sync::Arc;

use colink_core::clock::SharedClock;
use colink_http::client::InternalClient;
use colink_http::idempotency::Idempotency;
use colink_store::s3::ObjectStore;
use tokio::sync::{Notify, Semaphore};

use crate::domain::rules::Rules;
use crate::metrics::FilesMetrics;
use crate::store::bypasses::BypassStore;
use crate::store::files::FileStore;

/// The service's means. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) clock: SharedClock,
    pub(crate) rules: Arc<Rules>,
    pub(crate) files: FileStore,
    pub(crate) bypasses: BypassStore,
    pub(crate) objects: ObjectStore,
    /// Places for those who read objects.
    pub(crate) reading: Arc<Semaphore>,
    pub(crate) channels: InternalClient,
    /// Rouses the relay after a write with an event.
    pub(crate) wake: Arc<Notify>,
    pub(crate) metrics: FilesMetrics,
    pub(crate) idempotency: Idempotency,
}
