//! Dropping the published past of the log (M-10).

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Where the next step begins; none after the last channel.
    pub(crate) next: Option<Uuid>,
    /// Rows that were dropped.
    pub(crate) dropped: i64,
}

/// Drops what is older than `before` and published, in up to `channels` channels with an id above `after`.
///
/// Per channel the log loses a beginning and never a middle: a row goes only with all rows before it.
pub(crate) async fn delete_old(
    pool: &PgPool,
    after: Uuid,
    before: DateTime<Utc>,
    channels: i64,
) -> Result<Step, sqlx::Error> {
    let (next, dropped): (Option<Uuid>, i64) = sqlx::query_as(
        "with page as (
             select channel_id, published_seq from channel_heads where channel_id > $1 order by channel_id limit $3
         ), due as (
             select p.channel_id, least(p.published_seq, coalesce(k.seq - 1, p.published_seq)) as through
             from page p
             cross join lateral (
                 select at from channel_events where channel_id = p.channel_id order by seq limit 1
             ) first
             left join lateral (
                 select seq from channel_events
                 where channel_id = p.channel_id and at >= $2 order by seq limit 1
             ) k on true
             where first.at < $2
         ), gone as (
             delete from channel_events e using due
             where e.channel_id = due.channel_id and e.seq <= due.through
             returning 1
         )
         select (select channel_id from page order by channel_id desc limit 1), (select count(*) from gone)",
    )
    .bind(after)
    .bind(before)
    .bind(channels)
    .fetch_one(pool)
    .await?;
    Ok(Step { next, dropped })
}
