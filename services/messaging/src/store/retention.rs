//! Dropping the published past of the log (M-10).
//!
//! Per channel the log loses a beginning and never a middle: a row goes only with all rows before it. What has to go is
//! walked through by number, so that no statement passes over the rows that the ones before it dropped.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// A channel's rows that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overdue {
    pub(crate) channel_id: Uuid,
    /// The first row that has not been looked at.
    pub(crate) from_seq: i64,
}

/// Some channels of all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// Those with something to drop.
    pub(crate) overdue: Vec<Overdue>,
    /// Where the next page begins; none after the last channel.
    pub(crate) next: Option<Uuid>,
}

/// What one statement did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Rows that were dropped.
    pub(crate) rows: u64,
    /// The channels that may have more to drop.
    pub(crate) rest: Vec<Overdue>,
}

const OVERDUE: &str = "
    select p.channel_id, first.seq
    from (
        select channel_id, published_seq from channel_heads where channel_id > $1 order by channel_id limit $3
    ) p
    left join lateral (
        select seq, at from channel_events where channel_id = p.channel_id order by seq limit 1
    ) first on first.at < $2 and first.seq <= p.published_seq
    order by p.channel_id";

/// Which of the next `channels` channels with an id above `after` begin with a row that is older than `before` and
/// published.
pub(crate) async fn list_overdue(
    pool: &PgPool,
    after: Uuid,
    before: DateTime<Utc>,
    channels: i64,
) -> Result<Page, sqlx::Error> {
    let rows: Vec<(Uuid, Option<i64>)> =
        sqlx::query_as(OVERDUE).bind(after).bind(before).bind(channels).fetch_all(pool).await?;
    let overdue = rows.iter().filter_map(|(channel_id, first)| {
        first.map(|from_seq| Overdue { channel_id: *channel_id, from_seq })
    });
    Ok(Page { overdue: overdue.collect(), next: rows.last().map(|(channel_id, _)| *channel_id) })
}

// `least` passes over nulls: without a row to keep, the other two bounds hold.
const DELETE: &str = "
    with due as (
        select o.channel_id, o.from_seq, least(h.published_seq, o.from_seq + $4 - 1, kept.seq - 1) as through
        from unnest($1::uuid[], $2::bigint[]) o (channel_id, from_seq)
        join channel_heads h on h.channel_id = o.channel_id
        left join lateral (
            select seq from channel_events
            where channel_id = o.channel_id and seq >= o.from_seq and seq < o.from_seq + $4 and at >= $3
            order by seq limit 1
        ) kept on true
    ), gone as (
        delete from channel_events e using due
        where e.channel_id = due.channel_id and e.seq >= due.from_seq and e.seq <= due.through
        returning 1
    )
    select (select count(*) from gone),
           coalesce(array_agg(channel_id) filter (where through = from_seq + $4 - 1), '{}'),
           coalesce(array_agg(through + 1) filter (where through = from_seq + $4 - 1), '{}')
    from due";

/// Drops what is older than `before` and published, up to `rows_each` rows of each channel.
pub(crate) async fn delete_overdue(
    pool: &PgPool,
    overdue: &[Overdue],
    before: DateTime<Utc>,
    rows_each: i64,
) -> Result<Dropped, sqlx::Error> {
    let (channels, from): (Vec<Uuid>, Vec<i64>) =
        overdue.iter().map(|channel| (channel.channel_id, channel.from_seq)).unzip();
    let (rows, channels, from): (i64, Vec<Uuid>, Vec<i64>) =
        sqlx::query_as(DELETE).bind(channels).bind(from).bind(before).bind(rows_each).fetch_one(pool).await?;
    let rest = channels.into_iter().zip(from);
    let rest = rest.map(|(channel_id, from_seq)| Overdue { channel_id, from_seq }).collect();
    Ok(Dropped { rows: u64::try_from(rows).unwrap_or(0), rest })
}

#[cfg(test)]
mod tests;
