//! A turn in a channel: the transaction of every change but the plain send (M-3).
//!
//! It begins by locking the channel's head, so it sees all that was committed before it and nothing is written beside
//! it; each event it logs takes the next number; dropped without a commit it leaves neither change nor number.

use colink_core::clock::Clock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_events::{Cause, Envelope, Event};
use colink_http::idempotency::mark_done;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::domain::splice::Sealed;
use crate::store::log::Logged;

/// A transaction that holds the channel.
#[derive(Debug)]
pub(crate) struct Turn {
    tx: Transaction<'static, Postgres>,
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) archived: bool,
    last_seq: i64,
    published_seq: i64,
    logged: Vec<Logged>,
}

/// What a turn wrote, after its commit.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) published_seq: i64,
    pub(crate) logged: Vec<Logged>,
}

/// Why an event could not be logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Seal(#[from] colink_events::SealError),
}

impl From<serde_json::Error> for LogError {
    fn from(error: serde_json::Error) -> Self {
        Self::Seal(error.into())
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Head {
    workspace_id: Uuid,
    archived: bool,
    last_seq: i64,
    published_seq: i64,
}

impl Turn {
    /// Waits for the channel and takes it. None for an unknown channel.
    pub(crate) async fn take(pool: &PgPool, channel_id: ChannelId) -> Result<Option<Self>, sqlx::Error> {
        let mut tx = pool.begin().await?;
        let head: Option<Head> = sqlx::query_as(
            "select workspace_id, archived, last_seq, published_seq from channel_heads
             where channel_id = $1 for no key update",
        )
        .bind(channel_id.as_uuid())
        .fetch_optional(&mut *tx)
        .await?;
        Ok(head.map(|head| Self {
            tx,
            channel_id,
            workspace_id: head.workspace_id.into(),
            archived: head.archived,
            last_seq: head.last_seq,
            published_seq: head.published_seq,
            logged: Vec::new(),
        }))
    }

    /// The number that the next event will have.
    pub(crate) fn next_seq(&self) -> i64 {
        self.last_seq + 1
    }

    /// The transaction, for the queries of the change.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Writes an event that was made with [`Turn::next_seq`].
    pub(crate) async fn log<E: Event>(
        &mut self,
        event: &E,
        cause: &Cause,
        clock: &dyn Clock,
    ) -> Result<(), LogError> {
        let envelope = Envelope::seal(event, cause, clock)?;
        let Sealed { event_id, head, data } = Sealed::of(&envelope)?;
        let (seq, at) = (self.next_seq(), envelope.at.as_datetime());
        sqlx::query(
            "with turn as (update channel_heads set last_seq = $2 where channel_id = $1)
             insert into channel_events (channel_id, seq, event_id, type, at, head, data)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(self.channel_id.as_uuid())
        .bind(seq)
        .bind(event_id.as_uuid())
        .bind(E::TYPE)
        .bind(at)
        .bind(&head)
        .bind(&data)
        .execute(&mut *self.tx)
        .await?;
        self.last_seq = seq;
        self.logged.push(Logged {
            channel_id: self.channel_id,
            seq,
            event_id,
            kind: E::TYPE,
            version: E::VERSION,
            at,
            traceparent: cause.traceparent.clone(),
            envelope: [head.as_str(), &data, "}"].concat(),
        });
        Ok(())
    }

    /// Makes the change and its numbers final.
    pub(crate) async fn commit(mut self) -> Result<Done, sqlx::Error> {
        mark_done(&mut self.tx).await?;
        self.tx.commit().await?;
        Ok(Done { published_seq: self.published_seq, logged: self.logged })
    }
}
