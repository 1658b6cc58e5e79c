//! The send path: one statement, one round trip.

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, FileId, MessageId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::fingerprint::Fingerprint;
use crate::domain::splice::Template;
use crate::store::log::Logged;

/// A message of the channel itself (not a reply), ready to be stored.
#[derive(Debug)]
pub(crate) struct NewPost<'a> {
    pub(crate) id: MessageId,
    pub(crate) channel_id: ChannelId,
    pub(crate) author_id: UserId,
    pub(crate) client_msg_id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) content: &'a str,
    pub(crate) content_html: &'a str,
    pub(crate) file_ids: &'a [FileId],
    /// The finished JSON array.
    pub(crate) mentions: &'a str,
    pub(crate) mentioned: &'a [UserId],
    pub(crate) everyone: bool,
    pub(crate) at: DateTime<Utc>,
    pub(crate) template: &'a Template,
    /// A realm admin passes without membership; the caller has it audited.
    pub(crate) bypass: bool,
    /// The sender's session was proven by more than one factor.
    pub(crate) second_factor: bool,
}

/// What the statement wrote.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Posted {
    pub(crate) workspace_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) published_seq: i64,
    /// The author as a JSON object.
    pub(crate) author: String,
    head: String,
    data: String,
}

/// The unique indexes behind M-2.
pub(crate) const KEYS: [&str; 2] = ["messages_client_msg_id_key", "messages_idempotency_key_key"];

/// `channel` is the exact image of `decide(SendMessage)`: allowed is who has an active seat in the workspace and in the
/// channel, while it is not archived (`tests/api/send_permission.rs` holds both against each other for every standing),
/// and whose session was proven by a second factor where the workspace asks for one.
/// It has no row when anything is missing: no number is taken, nothing is written, and the caller finds out why.
///
/// The number is taken by `turn`, whose row lock orders the channel until the commit. A repeated key that is visible is
/// no row either; one that is still being written waits at the unique index and ends the statement as a violation,
/// which takes the number back.
const SEND: &str = "\
with channel as (
    select h.channel_id, h.workspace_id, u.summary
    from channel_heads h
    join users u on u.user_id = $2
    left join workspace_members w on w.workspace_id = h.workspace_id and w.user_id = $2 and w.active
    left join channel_members m on m.channel_id = h.channel_id and m.user_id = $2 and m.active
    where h.channel_id = $1
      and ($20 or (w.role is not null and m.role is not null))
      and not h.archived
      and ($21 or not exists (select 1 from workspaces x where x.workspace_id = h.workspace_id and x.require_mfa))
      and not exists (select 1 from messages d where d.author_id = $2 and d.client_msg_id = $4)
      and not exists (select 1 from messages d where d.author_id = $2 and d.idempotency_key = $5)
), turn as (
    update channel_heads h set last_seq = h.last_seq + 1
    from channel c
    where h.channel_id = c.channel_id and not h.archived
    returning h.last_seq as seq, h.published_seq, h.workspace_id, c.summary
), message as (
    insert into messages (id, channel_id, workspace_id, seq, changed_seq, in_channel, author_id, client_msg_id,
        idempotency_key, fingerprint, content, content_html, file_ids, mentions, mentions_everyone, created_at)
    select $3, $1, t.workspace_id, t.seq, t.seq, true, $2, $4, $5, $6, $7, $8, $9, $10, $12, $13
    from turn t
), mentioned as (
    insert into message_mentions (user_id, channel_id, seq, message_id)
    select x, $1, t.seq, $3 from turn t, unnest($11::uuid[]) x
), logged as (
    insert into channel_events (channel_id, seq, event_id, type, at, head, data)
    select $1, t.seq, $14, 'message.created', $13,
           replace(replace($15, $17, t.workspace_id::text), $18, t.seq::text),
           replace(replace(replace($16, $17, t.workspace_id::text), $18, t.seq::text), $19, t.summary)
    from turn t
    returning head, data
)
select t.workspace_id, t.seq, t.published_seq, t.summary as author, l.head, l.data from turn t, logged l";

/// Stores a post and its event. None when the sender may not post, is not known here, or has used a key before.
///
/// # Errors
/// A violation of one of [`KEYS`] when the same key is being used at this moment; any other database error.
pub(crate) async fn insert(pool: &PgPool, post: &NewPost<'_>) -> Result<Option<Posted>, sqlx::Error> {
    let file_ids: Vec<Uuid> = post.file_ids.iter().map(|id| id.as_uuid()).collect();
    let mentioned: Vec<Uuid> = post.mentioned.iter().map(|id| id.as_uuid()).collect();
    sqlx::query_as(SEND)
        .bind(post.channel_id.as_uuid())
        .bind(post.author_id.as_uuid())
        .bind(post.id.as_uuid())
        .bind(post.client_msg_id)
        .bind(post.idempotency_key)
        .bind(&post.fingerprint[..])
        .bind(post.content)
        .bind(post.content_html)
        .bind(file_ids)
        .bind(post.mentions)
        .bind(mentioned)
        .bind(post.everyone)
        .bind(post.at)
        .bind(post.template.sealed.event_id.as_uuid())
        .bind(&post.template.sealed.head)
        .bind(&post.template.sealed.data)
        .bind(&post.template.workspace)
        .bind(&post.template.seq)
        .bind(&post.template.author)
        .bind(post.bypass)
        .bind(post.second_factor)
        .fetch_optional(pool)
        .await
}

impl Posted {
    /// The committed row for the relay.
    pub(crate) fn logged(&self, post: &NewPost<'_>, traceparent: Option<String>) -> Logged {
        Logged {
            channel_id: post.channel_id,
            seq: self.seq,
            event_id: post.template.sealed.event_id,
            kind: "message.created",
            version: 1,
            at: post.at,
            traceparent,
            envelope: [self.head.as_str(), &self.data, "}"].concat(),
        }
    }
}

/// A message that a key of its sender names.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Earlier {
    pub(crate) id: Uuid,
    pub(crate) fingerprint: Vec<u8>,
}

/// The message that was sent under one of these keys; both may name one each.
pub(crate) async fn find_by_key(
    pool: &PgPool,
    author_id: UserId,
    client_msg_id: Option<&str>,
    idempotency_key: Option<&str>,
) -> Result<Vec<Earlier>, sqlx::Error> {
    sqlx::query_as(
        "select id, fingerprint from messages where author_id = $1 and client_msg_id = $2
         union
         select id, fingerprint from messages where author_id = $1 and idempotency_key = $3",
    )
    .bind(author_id.as_uuid())
    .bind(client_msg_id)
    .bind(idempotency_key)
    .fetch_all(pool)
    .await
}
