//! What a thread's root says about its replies. Inside a turn: the channel is locked, so counts cannot race.

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, MessageId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// A thread as its root shows it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Summary {
    pub(crate) reply_count: i32,
    pub(crate) last_reply_at: Option<DateTime<Utc>>,
    pub(crate) last_reply_id: Option<Uuid>,
    pub(crate) participants: Vec<Uuid>,
}

/// Whether a message can be replied to: it is in the channel, no reply itself, and not deleted.
pub(crate) async fn is_root(
    db: &mut PgConnection,
    channel_id: ChannelId,
    root: MessageId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select 1 from messages
                        where id = $1 and channel_id = $2 and thread_id is null and deleted_at is null)",
    )
    .bind(root.as_uuid())
    .bind(channel_id.as_uuid())
    .fetch_one(db)
    .await
}

/// Counts a new reply in. `seq` is the number of the event that says so.
pub(crate) async fn add_reply(
    db: &mut PgConnection,
    root: MessageId,
    reply: MessageId,
    author_id: UserId,
    at: DateTime<Utc>,
    seq: i64,
) -> Result<Summary, sqlx::Error> {
    sqlx::query_as(
        "update messages
         set reply_count = reply_count + 1, last_reply_at = $4, last_reply_id = $2, changed_seq = $5,
             participants = case when $3 = any(participants) or cardinality(participants) >= 10
                                 then participants else participants || $3::uuid end
         where id = $1
         returning reply_count, last_reply_at, last_reply_id, participants",
    )
    .bind(root.as_uuid())
    .bind(reply.as_uuid())
    .bind(author_id.as_uuid())
    .bind(at)
    .bind(seq)
    .fetch_one(db)
    .await
}

/// Counts anew after a reply was deleted.
pub(crate) async fn recount(
    db: &mut PgConnection,
    root: MessageId,
    seq: i64,
) -> Result<Summary, sqlx::Error> {
    sqlx::query_as(
        "with last as (
             select id, created_at from messages
             where thread_id = $1 and deleted_at is null order by seq desc limit 1
         ), firsts as (
             select author_id, min(seq) as first from messages
             where thread_id = $1 and deleted_at is null group by author_id order by first limit 10
         )
         update messages
         set reply_count = (select count(*) from messages where thread_id = $1 and deleted_at is null),
             last_reply_at = (select created_at from last), last_reply_id = (select id from last), changed_seq = $2,
             participants = coalesce((select array_agg(author_id order by first) from firsts), '{}')
         where id = $1
         returning reply_count, last_reply_at, last_reply_id, participants",
    )
    .bind(root.as_uuid())
    .bind(seq)
    .fetch_one(db)
    .await
}
