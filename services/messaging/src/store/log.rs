//! The channel log as catch-up and the relay read it.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use colink_bus::log_relay::{Behind, ChannelLog, Locked, LogError};
use colink_bus::{EventHead, LogRow};
use colink_core::id::{ChannelId, EventId, MessageId};
use colink_core::time::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

/// A committed event on its way to the relay.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) channel_id: ChannelId,
    pub(crate) seq: i64,
    pub(crate) event_id: EventId,
    pub(crate) kind: &'static str,
    pub(crate) version: u16,
    pub(crate) at: DateTime<Utc>,
    pub(crate) traceparent: Option<String>,
    pub(crate) envelope: String,
}

impl From<Logged> for LogRow {
    fn from(row: Logged) -> Self {
        let head = EventHead {
            id: row.event_id,
            kind: row.kind.into(),
            version: row.version,
            at: row.at.into(),
            traceparent: row.traceparent,
        };
        Self { channel_id: row.channel_id, seq: row.seq, head, payload: Bytes::from(row.envelope) }
    }
}

/// One change in a channel, as it was written when it happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelEvent {
    /// Its number in the channel.
    #[schema(example = 42)]
    pub(crate) seq: i64,
    /// What happened, such as `message.created`.
    #[serde(rename = "type")]
    #[schema(example = "message.created")]
    pub(crate) kind: String,
    /// When.
    pub(crate) at: Timestamp,
    /// The event's payload, the stored text as it is.
    #[schema(value_type = Object)]
    pub(crate) data: Box<RawValue>,
}

/// A stretch of the log and where it ends.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) events: Vec<ChannelEvent>,
    /// The last number given out in the channel.
    pub(crate) head_seq: i64,
    /// The first number that is still kept; `head_seq + 1` when none is.
    pub(crate) oldest_seq: i64,
}

#[derive(Debug, sqlx::FromRow)]
struct EventRow {
    head_seq: i64,
    oldest_seq: Option<i64>,
    seq: Option<i64>,
    kind: Option<String>,
    at: Option<DateTime<Utc>>,
    data: Option<String>,
}

/// A stretch ends early when its payloads pass this size: long messages in a busy channel would make an answer that
/// nobody wants to hold.
const STRETCH_BYTES: usize = 4 << 20;

/// Up to `limit` events after a number, with the ends of the log, from one snapshot. None for an unknown channel.
pub(crate) async fn after(
    pool: &PgPool,
    channel_id: ChannelId,
    after: i64,
    limit: i64,
) -> Result<Option<Stretch>, sqlx::Error> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "select h.last_seq as head_seq, o.seq as oldest_seq, e.seq, e.type as kind, e.at, e.data
         from channel_heads h
         left join lateral (select seq from channel_events where channel_id = h.channel_id order by seq limit 1) o on true
         left join lateral (
             select seq, type, at, data from channel_events
             where channel_id = h.channel_id and seq > $2 order by seq limit $3
         ) e on true
         where h.channel_id = $1
         order by e.seq",
    )
    .bind(channel_id.as_uuid())
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let (head_seq, oldest_seq) = (first.head_seq, first.oldest_seq.unwrap_or(first.head_seq + 1));
    let mut room = STRETCH_BYTES;
    let fits = |row: &EventRow| {
        let before = room;
        room = room.saturating_sub(row.data.as_ref().map_or(0, String::len));
        before > 0
    };
    let events = rows.into_iter().take_while(fits).filter_map(EventRow::event).collect::<Result<_, _>>();
    let events = events.map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Some(Stretch { events, head_seq, oldest_seq }))
}

impl EventRow {
    fn event(self) -> Option<Result<ChannelEvent, serde_json::Error>> {
        let (seq, kind, at, data) = (self.seq?, self.kind?, self.at?, self.data?);
        Some(RawValue::from_string(data).map(|data| ChannelEvent { seq, kind, at: at.into(), data }))
    }
}

/// Takes what a message said out of its rows: its number and those of its edits are all that name it here. The rows
/// stay where they are, so the log has no hole.
pub(crate) async fn blank(
    db: &mut PgConnection,
    channel_id: ChannelId,
    id: MessageId,
) -> Result<(), sqlx::Error> {
    // An array, so that the rows are looked up by their numbers, however long the log is.
    sqlx::query(
        "update channel_events
         set data = (data::jsonb || '{\"content\":\"\",\"content_html\":\"\",\"file_ids\":[],\"mentions\":[]}')::text
         where channel_id = $1 and seq = any (array(
             select seq from messages where id = $2
             union all
             select replaced_seq from message_edits where message_id = $2
         ))",
    )
    .bind(channel_id.as_uuid())
    .bind(id.as_uuid())
    .execute(db)
    .await?;
    Ok(())
}

/// The last number of each known channel.
pub(crate) async fn heads(pool: &PgPool, channel_ids: &[Uuid]) -> Result<Vec<(Uuid, i64)>, sqlx::Error> {
    sqlx::query_as("select channel_id, last_seq from channel_heads where channel_id = any($1)")
        .bind(channel_ids)
        .fetch_all(pool)
        .await
}

/// The number before the first event from a moment on; the last number when there is none, and 0 for an unknown channel.
///
/// Posts take their time before they take their number, so the times of the log are in order but for a little: the
/// search begins that much earlier, from the end of the log, however long that is.
pub(crate) async fn head_at(pool: &PgPool, channel_id: ChannelId, at: Timestamp) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "with earlier as (
             select coalesce((
                 select seq from channel_events
                 where channel_id = $1 and at < $2::timestamptz - interval '10 seconds'
                 order by seq desc limit 1), 0) as seq
         )
         select coalesce(
             (select e.seq - 1 from channel_events e, earlier
              where e.channel_id = $1 and e.seq > earlier.seq and e.at >= $2
              order by e.seq limit 1),
             (select last_seq from channel_heads where channel_id = $1),
             0)",
    )
    .bind(channel_id.as_uuid())
    .bind(at.as_datetime())
    .fetch_one(pool)
    .await
}

macro_rules! mark {
    ($locked:literal) => {
        concat!(
            "with fast as (select set_config('synchronous_commit', 'off', true)),
             mark as (
                 select h.channel_id, least(m.seq, h.last_seq) as seq
                 from fast, unnest($1::uuid[], $2::bigint[]) m (channel_id, seq)
                 join channel_heads h on h.channel_id = m.channel_id
                 order by h.channel_id for no key update of h ",
            $locked,
            "), raised as (
                 update channel_heads h set published_seq = mark.seq
                 from mark where h.channel_id = mark.channel_id and mark.seq > h.published_seq
             )
             select channel_id from mark"
        )
    };
}

/// The log as the relay sees it.
#[derive(Debug, Clone)]
pub(crate) struct PgLog(pub(crate) PgPool);

#[async_trait]
impl ChannelLog for PgLog {
    async fn behind(
        &self,
        shards: &[i16],
        after: Option<ChannelId>,
        limit: i64,
    ) -> Result<Vec<Behind>, LogError> {
        let rows: Vec<(Uuid, i64, i64)> = sqlx::query_as(
            "select channel_id, published_seq, last_seq from channel_heads
             where last_seq > published_seq and shard = any($1) and channel_id > $2
             order by channel_id limit $3",
        )
        .bind(shards)
        .bind(after.map_or(Uuid::nil(), ChannelId::as_uuid))
        .bind(limit)
        .fetch_all(&self.0)
        .await?;
        let behind = |(channel_id, published_seq, last_seq): (Uuid, i64, i64)| Behind {
            channel_id: channel_id.into(),
            published_seq,
            last_seq,
        };
        Ok(rows.into_iter().map(behind).collect())
    }

    async fn after(&self, channel_id: ChannelId, after: i64, limit: i64) -> Result<Vec<LogRow>, LogError> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "select seq, head || data || '}' from channel_events
             where channel_id = $1 and seq > $2 order by seq limit $3",
        )
        .bind(channel_id.as_uuid())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.0)
        .await?;
        let row = |(seq, text): (i64, String)| Ok(LogRow::from_stored(channel_id, seq, Bytes::from(text))?);
        rows.into_iter().map(row).collect()
    }

    /// Losing a mark in a crash only repeats events, so it does not wait for the disk, and the rows it locks are free
    /// again at once.
    async fn mark_published(
        &self,
        marks: &[(ChannelId, i64)],
        locked: Locked,
    ) -> Result<Vec<ChannelId>, LogError> {
        let channels: Vec<Uuid> = marks.iter().map(|(channel_id, _)| channel_id.as_uuid()).collect();
        let seqs: Vec<i64> = marks.iter().map(|(_, seq)| *seq).collect();
        let marked: Vec<Uuid> = sqlx::query_scalar(match locked {
            Locked::Skip => mark!("skip locked"),
            Locked::Wait => mark!(""),
        })
        .bind(channels)
        .bind(seqs)
        .fetch_all(&self.0)
        .await?;
        Ok(marked.into_iter().map(ChannelId::from).collect())
    }
}

#[cfg(test)]
pub(crate) mod fixture;
