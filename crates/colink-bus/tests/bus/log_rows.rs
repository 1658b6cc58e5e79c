//! A channel log as a service keeps it: two tables, and the trait over them.

use async_trait::async_trait;
use bytes::Bytes;
use colink_bus::log_relay::{Behind, ChannelLog, Locked, LogError};
use colink_bus::shard::shard_of_channel;
use colink_bus::{LogRow, OutgoingEvent};
use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, MessageId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::Cause;
use colink_events::messages::MessageDeleted;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

const SCHEMA: &str = "
create table channel_heads (
    channel_id uuid primary key, shard smallint not null,
    last_seq bigint not null default 0, published_seq bigint not null default 0);
create index channel_heads_behind on channel_heads (channel_id) where last_seq > published_seq;
create table channel_events (channel_id uuid, seq bigint, envelope bytea not null, primary key (channel_id, seq));
";

#[derive(Clone)]
pub(crate) struct TestLog {
    pub(crate) pool: PgPool,
}

impl TestLog {
    pub(crate) async fn new(pool: &PgPool) -> Self {
        sqlx::raw_sql(SCHEMA).execute(pool).await.unwrap();
        Self { pool: pool.clone() }
    }

    pub(crate) async fn channel(&self) -> ChannelId {
        let channel_id = ChannelId::generate(&SystemClock);
        sqlx::query("insert into channel_heads (channel_id, shard) values ($1, $2)")
            .bind(channel_id.as_uuid())
            .bind(shard_of_channel(channel_id))
            .execute(&self.pool)
            .await
            .unwrap();
        channel_id
    }

    /// Commits one event and returns it with the channel's `published_seq`, ready for the hand-over.
    pub(crate) async fn append(&self, channel_id: ChannelId) -> (LogRow, i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let appended = Self::append_within(&mut transaction, channel_id).await;
        transaction.commit().await.unwrap();
        appended
    }

    /// The same, without the commit: the channel's row is locked.
    pub(crate) async fn append_within(
        transaction: &mut PgConnection,
        channel_id: ChannelId,
    ) -> (LogRow, i64) {
        let (seq, published_seq): (i64, i64) = sqlx::query_as(
            "update channel_heads set last_seq = last_seq + 1 where channel_id = $1 returning last_seq, published_seq",
        )
        .bind(channel_id.as_uuid())
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
        let row = row(channel_id, seq);
        sqlx::query("insert into channel_events (channel_id, seq, envelope) values ($1, $2, $3)")
            .bind(channel_id.as_uuid())
            .bind(seq)
            .bind(row.payload.as_ref())
            .execute(transaction)
            .await
            .unwrap();
        (row, published_seq)
    }

    pub(crate) async fn published_seq(&self, channel_id: ChannelId) -> i64 {
        sqlx::query_scalar("select published_seq from channel_heads where channel_id = $1")
            .bind(channel_id.as_uuid())
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn row(channel_id: ChannelId, seq: i64) -> LogRow {
    let event = MessageDeleted {
        id: MessageId::generate(&SystemClock),
        channel_id,
        workspace_id: WorkspaceId::generate(&SystemClock),
        seq,
        thread_id: None,
        deleted_by: UserId::generate(&SystemClock),
        deleted_at: Timestamp::now(&SystemClock),
        author_id: UserId::generate(&SystemClock),
    };
    let OutgoingEvent { head, payload, .. } =
        OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap();
    LogRow { channel_id, seq, head, payload }
}

#[async_trait]
impl ChannelLog for TestLog {
    async fn behind(
        &self,
        shards: &[i16],
        after: Option<ChannelId>,
        limit: i64,
    ) -> Result<Vec<Behind>, LogError> {
        let rows: Vec<(Uuid, i64, i64)> = sqlx::query_as(
            "select channel_id, published_seq, last_seq from channel_heads
             where last_seq > published_seq and shard = any($1) and ($2::uuid is null or channel_id > $2)
             order by channel_id limit $3",
        )
        .bind(shards)
        .bind(after.map(ChannelId::as_uuid))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let behind = |(id, published_seq, last_seq)| Behind {
            channel_id: ChannelId::from_uuid(id),
            published_seq,
            last_seq,
        };
        Ok(rows.into_iter().map(behind).collect())
    }

    async fn after(&self, channel_id: ChannelId, after: i64, limit: i64) -> Result<Vec<LogRow>, LogError> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "select seq, envelope from channel_events where channel_id = $1 and seq > $2 order by seq limit $3",
        )
        .bind(channel_id.as_uuid())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let stored = |(seq, envelope)| Ok(LogRow::from_stored(channel_id, seq, Bytes::from(envelope))?);
        rows.into_iter().map(stored).collect()
    }

    async fn mark_published(
        &self,
        marks: &[(ChannelId, i64)],
        locked: Locked,
    ) -> Result<Vec<ChannelId>, LogError> {
        let (ids, seqs): (Vec<Uuid>, Vec<i64>) = marks.iter().map(|(id, seq)| (id.as_uuid(), *seq)).unzip();
        let free = match locked {
            Locked::Skip => "skip locked",
            Locked::Wait => "",
        };
        let marked: Vec<Uuid> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "with free as (
                 select channel_id from channel_heads where channel_id = any($1) order by 1 for no key update {free}
             )
             update channel_heads h set published_seq = greatest(published_seq, mark.seq)
             from free join unnest($1::uuid[], $2::bigint[]) as mark (id, seq) on mark.id = free.channel_id
             where h.channel_id = free.channel_id
             returning h.channel_id",
        )))
        .bind(ids)
        .bind(seqs)
        .fetch_all(&self.pool)
        .await?;
        Ok(marked.into_iter().map(ChannelId::from_uuid).collect())
    }
}
