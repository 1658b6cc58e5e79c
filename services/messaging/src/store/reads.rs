//! What a user has read, and what he has not (M-11).
//!
//! Counted, never kept: a count that is derived cannot drift. Unread is what others posted in the channel (no replies
//! that live in a thread only) after the last read number and after he came; counting stops at 999.

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

/// The unread state of one channel.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Unread {
    pub(crate) channel_id: Uuid,
    pub(crate) last_read_seq: i64,
    pub(crate) head_seq: i64,
    pub(crate) unread_count: i64,
    pub(crate) mention_count: i64,
}

/// Unread counts of the channels that `$which` leaves of the active memberships of user `$1`. With `$3` also of workspaces
/// that are closed to sessions without a second factor.
macro_rules! unread {
    ($which:literal) => {
        concat!(
            "with mine as (
                 select c.channel_id, h.last_seq, coalesce(r.last_read_seq, 0) as last_read_seq,
                        greatest(coalesce(r.last_read_seq, 0), c.joined_seq) as base
                 from channel_members c
                 join channel_heads h on h.channel_id = c.channel_id
                 join workspace_members w
                     on w.workspace_id = h.workspace_id and w.user_id = c.user_id and w.active
                 left join reads r on r.user_id = c.user_id and r.channel_id = c.channel_id
                 where c.user_id = $1 and c.active
                   and ($3 or not exists (select 1 from workspaces x
                                          where x.workspace_id = h.workspace_id and x.require_mfa))
                   and ",
            $which,
            ")
             select m.channel_id, m.last_read_seq, m.last_seq as head_seq,
                    u.count as unread_count, least(n.count + e.count, 999) as mention_count
             from mine m
             cross join lateral (
                 select count(*) from (
                     select 1 from messages
                     where channel_id = m.channel_id and in_channel and seq > m.base
                       and deleted_at is null and author_id <> $1
                     limit 999) x
             ) u
             cross join lateral (
                 select count(*) from (
                     select 1 from message_mentions
                     where user_id = $1 and channel_id = m.channel_id and seq > m.base limit 999) x
             ) n
             cross join lateral (
                 select count(*) from (
                     select 1 from messages a
                     where a.channel_id = m.channel_id and a.mentions_everyone and a.deleted_at is null
                       and a.seq > m.base and a.author_id <> $1
                       and not exists (select 1 from message_mentions d
                                       where d.user_id = $1 and d.channel_id = a.channel_id and d.seq = a.seq)
                     limit 999) x
             ) e
             order by m.channel_id"
        )
    };
}

/// The unread state of every channel the user is in, or of those of one workspace, as far as they are open to a session
/// that was proven by a second factor or was not.
pub(crate) async fn list(
    pool: &PgPool,
    user_id: UserId,
    workspace_id: Option<Uuid>,
    second_factor: bool,
) -> Result<Vec<Unread>, sqlx::Error> {
    sqlx::query_as(unread!("($2::uuid is null or h.workspace_id = $2)"))
        .bind(user_id.as_uuid())
        .bind(workspace_id)
        .bind(second_factor)
        .fetch_all(pool)
        .await
}

/// The unread state of one channel, for whoever was let in to it; none when the user is not in it.
pub(crate) async fn lookup(
    pool: &PgPool,
    user_id: UserId,
    channel_id: ChannelId,
) -> Result<Option<Unread>, sqlx::Error> {
    sqlx::query_as(unread!("c.channel_id = $2"))
        .bind(user_id.as_uuid())
        .bind(channel_id.as_uuid())
        .bind(true)
        .fetch_optional(pool)
        .await
}

/// Notes that the user has read up to a number, at most the last one there is; an earlier number makes what follows
/// unread again.
pub(crate) async fn upsert(
    pool: &PgPool,
    user_id: UserId,
    channel_id: ChannelId,
    seq: i64,
    at: DateTime<Utc>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "insert into reads (user_id, channel_id, last_read_seq, updated_at)
         select $1, channel_id, least($3, last_seq), $4 from channel_heads where channel_id = $2
         on conflict (user_id, channel_id) do update
         set last_read_seq = excluded.last_read_seq, updated_at = excluded.updated_at
         returning last_read_seq",
    )
    .bind(user_id.as_uuid())
    .bind(channel_id.as_uuid())
    .bind(seq)
    .bind(at)
    .fetch_optional(pool)
    .await
}
