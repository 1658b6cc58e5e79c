//! What handlers share.

use std::sync::Arc;

use colink_bus::outbox::RelayHandle;
use colink_bus::{LogRelayHandle, LogRow};
use colink_core::clock::SharedClock;
use colink_http::client::InternalClient;
use colink_http::idempotency::{Idempotency, IdempotencyStore};
use sqlx::PgPool;

use crate::config::MessagingConfig;
use crate::metrics::Metrics;
use crate::sending::lanes::Lanes;
use crate::store::log::Logged;
use crate::store::turn::{Done, Turn};

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub(crate) pool: PgPool,
    pub(crate) clock: SharedClock,
    pub(crate) rules: MessagingConfig,
    pub(crate) relay: LogRelayHandle,
    pub(crate) outbox: RelayHandle,
    pub(crate) channels: InternalClient,
    pub(crate) auth: Option<InternalClient>,
    pub(crate) lanes: Lanes,
    pub(crate) metrics: Metrics,
    pub(crate) idempotency: Idempotency,
    pub(crate) keys: Arc<dyn IdempotencyStore>,
}

impl State {
    /// The same for one worker: what belongs to a thread is its own.
    pub(crate) fn for_worker(&self) -> Self {
        Self { lanes: self.lanes.for_worker(), ..self.clone() }
    }

    /// Hands a committed event to the relay. Whatever becomes of that, the log has it.
    pub(crate) fn publish(&self, row: Logged, published_seq: i64) {
        self.metrics.changed(row.kind);
        let _on_its_way = self.relay.publish(LogRow::from(row), published_seq);
    }

    /// Commits a turn and hands over what it logged.
    ///
    /// # Errors
    /// When the commit fails; then nothing happened.
    pub(crate) async fn finish(&self, turn: Turn) -> Result<(), sqlx::Error> {
        let Done { published_seq, logged } = turn.commit().await?;
        for row in logged {
            self.publish(row, published_seq);
        }
        Ok(())
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("rules", &self.rules).finish_non_exhaustive()
    }
}
