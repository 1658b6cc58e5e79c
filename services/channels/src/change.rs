//! One change: a transaction, who causes it, when, and the events that tell of it.
//!
//! Events are rows of the same transaction, put there after the row they tell of was written; the relay is woken after
//! the commit. Dropping a change without a commit takes all of it back.

use colink_auth::Caller;
use colink_bus::outbox::{self, RelayHandle};
use colink_core::clock::SharedClock;
use colink_core::time::Timestamp;
use colink_events::{Cause, Event};
use colink_http::idempotency::mark_done;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::access::Permit;
use crate::error::Result;
use crate::metrics::ChannelsMetrics;
use crate::state::State;

/// What a change needs where no request is: in consumers.
pub(crate) struct Means {
    pub(crate) pool: PgPool,
    pub(crate) clock: SharedClock,
    pub(crate) relay: RelayHandle,
    pub(crate) metrics: ChannelsMetrics,
}

/// A transaction that has begun.
pub(crate) struct Change {
    transaction: Transaction<'static, Postgres>,
    cause: Cause,
    clock: SharedClock,
    at: Timestamp,
    relay: RelayHandle,
    metrics: ChannelsMetrics,
}

impl Change {
    /// Begins a change that the caller causes.
    pub(crate) async fn begin(state: &State, caller: &Caller) -> Result<Self> {
        Ok(Self {
            transaction: state.pool.begin().await?,
            cause: caller.cause(),
            clock: state.clock.clone(),
            at: state.clock.timestamp(),
            relay: state.relay.clone(),
            metrics: state.metrics.clone(),
        })
    }

    /// Begins a change that follows from an event.
    pub(crate) async fn caused_by(means: &Means, cause: Cause) -> Result<Self> {
        Ok(Self {
            transaction: means.pool.begin().await?,
            cause,
            clock: means.clock.clone(),
            at: means.clock.timestamp(),
            relay: means.relay.clone(),
            metrics: means.metrics.clone(),
        })
    }

    /// The moment of the change: one for all its rows and events.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// The connection within the transaction.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Tells of what was changed.
    pub(crate) async fn emit<E: Event>(&mut self, event: &E) -> Result<()> {
        outbox::enqueue(&mut self.transaction, event, &self.cause, self.clock.as_ref()).await?;
        Ok(())
    }

    /// Tells that a realm admin passed without membership, if that is how he was let in.
    pub(crate) async fn audit(&mut self, permit: Permit) -> Result<()> {
        let Some(event) = permit.bypass(self.at) else { return Ok(()) };
        self.metrics.bypassed(event.user_id, permit.action().as_str());
        self.emit(&event).await
    }

    /// Makes the change last.
    pub(crate) async fn commit(mut self) -> Result<()> {
        mark_done(&mut self.transaction).await?;
        self.transaction.commit().await?;
        self.relay.wake();
        Ok(())
    }
}

/// Audits a read. Nothing is written for those who need no bypass.
pub(crate) async fn audit_read(state: &State, caller: &Caller, permit: Permit) -> Result<()> {
    if !permit.is_bypass() {
        return Ok(());
    }
    let mut change = Change::begin(state, caller).await?;
    change.audit(permit).await?;
    change.commit().await
}
