//! Messages as they are shown: with author, reactions and thread in the same query, a page at a time (M-9).

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, MessageId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::history::Wanted;

/// A message with what is shown beside it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Shown {
    pub(crate) id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) changed_seq: i64,
    pub(crate) thread_id: Option<Uuid>,
    /// A JSON object.
    pub(crate) author: String,
    pub(crate) content: String,
    pub(crate) content_html: String,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) file_ids: Vec<Uuid>,
    /// A JSON array.
    pub(crate) mentions: String,
    /// A JSON array.
    pub(crate) reactions: Option<String>,
    pub(crate) reply_count: i32,
    pub(crate) last_reply_at: Option<DateTime<Utc>>,
    pub(crate) participants: Vec<Uuid>,
    pub(crate) pinned_at: Option<DateTime<Utc>>,
    pub(crate) edited_at: Option<DateTime<Utc>>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Messages chosen by `$page` (a query over `messages`), as [`Shown`]. `$1` is who is looking. What a deleted message
/// said does not leave the database.
macro_rules! shown {
    ($page:literal, $order:literal) => {
        concat!(
            "with page as (",
            $page,
            ") select p.id, p.channel_id, p.workspace_id, p.seq, p.changed_seq, p.thread_id,
                coalesce(u.summary, json_build_object('id', p.author_id, 'username', '', 'display_name', '')::text)
                    as author,
                case when p.deleted_at is null then p.content else '' end as content,
                case when p.deleted_at is null then p.content_html else '' end as content_html,
                p.client_msg_id,
                case when p.deleted_at is null then p.file_ids else '{}' end as file_ids,
                case when p.deleted_at is null then p.mentions else '[]' end as mentions,
                r.reactions, p.reply_count, p.last_reply_at, p.participants,
                p.pinned_at, p.edited_at, p.deleted_at, p.created_at
            from page p
            left join users u on u.user_id = p.author_id
            left join lateral (
                select json_agg(json_build_object('emoji', g.emoji, 'count', g.count, 'me', g.me,
                                                  'user_ids', g.user_ids) order by g.first)::text as reactions
                from (
                    select emoji, count(*) as count, bool_or(user_id = $1) as me,
                           (array_agg(user_id order by created_at, id))[1:10] as user_ids, min(created_at) as first
                    from reactions where message_id = p.id and p.deleted_at is null group by emoji
                ) g
            ) r on true ",
            $order
        )
    };
}

/// The page in the channel: shown is what belongs there, a deleted message only while a thread hangs on it.
const NEWER_TO_OLDER: &str = shown!(
    "select * from messages
     where channel_id = $2 and in_channel and seq < $3 and (deleted_at is null or reply_count > 0)
     order by seq desc limit $4 offset $5",
    "order by p.seq desc"
);

const OLDER_TO_NEWER: &str = shown!(
    "select * from messages
     where channel_id = $2 and in_channel and seq > $3 and (deleted_at is null or reply_count > 0)
     order by seq limit $4",
    "order by p.seq"
);

const ONE: &str = shown!("select * from messages where id = $2", "");

const REPLIES: &str = shown!(
    "select * from messages
     where thread_id = $2 and seq > $3 and deleted_at is null
     order by seq limit $4",
    "order by p.seq"
);

const PINNED: &str = shown!(
    "select * from messages
     where channel_id = $2 and pinned_at is not null and (pinned_at, id) < ($3, $4) and deleted_at is null
     order by pinned_at desc, id desc limit $5",
    "order by p.pinned_at desc, p.id desc"
);

/// One message.
pub(crate) async fn lookup(
    pool: &PgPool,
    viewer: UserId,
    id: MessageId,
) -> Result<Option<Shown>, sqlx::Error> {
    sqlx::query_as(ONE).bind(viewer.as_uuid()).bind(id.as_uuid()).fetch_optional(pool).await
}

/// A page of a channel, newest first, and whether the channel goes on in the direction of the page.
pub(crate) async fn list(
    pool: &PgPool,
    viewer: UserId,
    channel_id: ChannelId,
    wanted: Wanted<i64>,
    limit: u32,
) -> Result<(Vec<Shown>, bool), sqlx::Error> {
    let whole = i64::from(limit);
    let older = |before, rows, offset| {
        let query = sqlx::query_as(NEWER_TO_OLDER).bind(viewer.as_uuid()).bind(channel_id.as_uuid());
        query.bind(before).bind(rows).bind(offset).fetch_all(pool)
    };
    let newer = |after: i64, rows: i64| {
        let query = sqlx::query_as(OLDER_TO_NEWER).bind(viewer.as_uuid()).bind(channel_id.as_uuid());
        query.bind(after).bind(rows).fetch_all(pool)
    };
    match wanted {
        Wanted::Newest => older(i64::MAX, whole + 1, 0).await.map(|rows| cut(rows, limit)),
        Wanted::Before(seq) => older(seq, whole + 1, 0).await.map(|rows| cut(rows, limit)),
        Wanted::Page(page) => {
            let offset = i64::from(page.saturating_sub(1)) * whole;
            older(i64::MAX, whole + 1, offset).await.map(|rows| cut(rows, limit))
        }
        Wanted::After(seq) => {
            let (mut rows, more) = cut(newer(seq, whole + 1).await?, limit);
            rows.reverse();
            Ok((rows, more))
        }
        Wanted::Around(seq) => {
            // The place itself counts to the older half.
            let behind = limit.div_ceil(2);
            let mut rows: Vec<Shown> = newer(seq, whole - i64::from(behind)).await?;
            rows.reverse();
            let rest = limit - u32::try_from(rows.len()).unwrap_or(limit);
            let (mut tail, more) = cut(older(seq.saturating_add(1), i64::from(rest) + 1, 0).await?, rest);
            rows.append(&mut tail);
            Ok((rows, more))
        }
    }
}

/// The replies of a thread, the oldest first.
pub(crate) async fn list_replies(
    pool: &PgPool,
    viewer: UserId,
    root: MessageId,
    after: i64,
    limit: i64,
) -> Result<Vec<Shown>, sqlx::Error> {
    let query = sqlx::query_as(REPLIES).bind(viewer.as_uuid()).bind(root.as_uuid());
    query.bind(after).bind(limit).fetch_all(pool).await
}

/// The pinned messages of a channel, the last pinned first.
pub(crate) async fn list_pinned(
    pool: &PgPool,
    viewer: UserId,
    channel_id: ChannelId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Shown>, sqlx::Error> {
    let query = sqlx::query_as(PINNED).bind(viewer.as_uuid()).bind(channel_id.as_uuid());
    query.bind(before.0).bind(before.1).bind(limit).fetch_all(pool).await
}

/// The place of a message in its channel; none when it is in another one.
pub(crate) async fn lookup_seq(
    pool: &PgPool,
    channel_id: ChannelId,
    id: MessageId,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("select seq from messages where id = $1 and channel_id = $2")
        .bind(id.as_uuid())
        .bind(channel_id.as_uuid())
        .fetch_optional(pool)
        .await
}

fn cut(mut rows: Vec<Shown>, limit: u32) -> (Vec<Shown>, bool) {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    (rows, more)
}

#[cfg(test)]
mod tests;
