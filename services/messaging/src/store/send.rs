//! The send path: one statement for the posts that are waiting, one round trip.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, FileId, MessageId, UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::fingerprint::Fingerprint;
use crate::domain::splice::Template;
use crate::store::log::Logged;

/// A message of the channel itself (not a reply), ready to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewPost {
    pub(crate) id: MessageId,
    pub(crate) channel_id: ChannelId,
    pub(crate) author_id: UserId,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) content: String,
    pub(crate) content_html: String,
    pub(crate) file_ids: Vec<FileId>,
    /// The finished JSON array.
    pub(crate) mentions: String,
    pub(crate) mentioned: Vec<UserId>,
    pub(crate) everyone: bool,
    pub(crate) at: DateTime<Utc>,
    pub(crate) template: Template,
    /// A realm admin passes without membership; the caller has it audited.
    pub(crate) bypass: bool,
    /// The sender's session was proven by more than one factor.
    pub(crate) second_factor: bool,
}

/// What the statement wrote.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Posted {
    /// The place among the posts of the statement, from 1.
    ordinal: i64,
    pub(crate) workspace_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) published_seq: i64,
    /// The author as a JSON object.
    pub(crate) author: String,
}

/// The unique indexes behind M-2.
pub(crate) const KEYS: [&str; 2] = ["messages_client_msg_id_key", "messages_idempotency_key_key"];

/// `allowed` is the exact image of `decide(SendMessage)`: allowed is who has an active seat in the workspace and in the
/// channel, while it is not archived (`tests/api/send_permission.rs` holds both against each other for every standing),
/// and whose session was proven by a second factor where the workspace asks for one.
/// A post has no row there when anything is missing: no number is taken, nothing is written, and the caller finds out why.
///
/// Rights are looked up one by one, by key: as joins they made plans that depended on how large the tables were when the
/// statement was first planned. The posts of a channel keep the order in which they come from the arrays.
///
/// The numbers are taken by `turn`, whose row locks order the channels until the commit. It takes them by id, as everybody
/// must who takes more than one. A key that was used before ends the statement as a violation of its index, which takes all
/// numbers back. Asking for it first would cost every post two look-ups, and more while the tables' statistics are young
/// and the planner takes another index for them.
const SEND: &str = "\
with post as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::bool[], $12::timestamptz[], $13::uuid[], $14::text[], $15::text[], $16::text[],
        $17::text[], $18::text[], $19::bool[], $20::bool[]) with ordinality
    as p(channel_id, id, author_id, client_msg_id, idempotency_key, fingerprint, content, content_html, file_ids, mentions,
        everyone, at, event_id, head, data, workspace_mark, seq_mark, author_mark, bypass, second_factor, ordinal)
), allowed as (
    select p.*, u.summary, row_number() over (partition by p.channel_id order by p.ordinal) as place
    from post p
    cross join lateral (select workspace_id from channel_heads h
        where h.channel_id = p.channel_id and not h.archived offset 0) h
    cross join lateral (select summary from users where user_id = p.author_id offset 0) u
    where (p.bypass
           or (select true from workspace_members w
               where w.workspace_id = h.workspace_id and w.user_id = p.author_id and w.active)
          and (select true from channel_members m
               where m.channel_id = p.channel_id and m.user_id = p.author_id and m.active))
      and (p.second_factor
           or (select not require_mfa from workspaces x where x.workspace_id = h.workspace_id) is not false)
), turn as (
    update channel_heads h set last_seq = h.last_seq + c.posts
    from (select channel_id, count(*) as posts from allowed group by channel_id order by channel_id) c
    where h.channel_id = c.channel_id and not h.archived
    returning h.channel_id, h.last_seq - c.posts as before, h.published_seq, h.workspace_id
), taken as (
    select a.*, t.before + a.place as seq, t.published_seq, t.workspace_id
    from allowed a join turn t on t.channel_id = a.channel_id
), message as (
    insert into messages (id, channel_id, workspace_id, seq, changed_seq, in_channel, author_id, client_msg_id,
        idempotency_key, fingerprint, content, content_html, file_ids, mentions, mentions_everyone, created_at)
    select t.id, t.channel_id, t.workspace_id, t.seq, t.seq, true, t.author_id, t.client_msg_id, t.idempotency_key,
           t.fingerprint, t.content, t.content_html, t.file_ids::uuid[], t.mentions, t.everyone, t.at
    from taken t
), mentioned as (
    insert into message_mentions (user_id, channel_id, seq, message_id)
    select x.user_id, t.channel_id, t.seq, t.id
    from unnest($21::bigint[], $22::uuid[]) as x(ordinal, user_id) join taken t on t.ordinal = x.ordinal
), logged as (
    insert into channel_events (channel_id, seq, event_id, type, at, head, data)
    select t.channel_id, t.seq, t.event_id, 'message.created', t.at,
           replace(replace(t.head, t.workspace_mark, t.workspace_id::text), t.seq_mark, t.seq::text),
           replace(replace(replace(t.data, t.workspace_mark, t.workspace_id::text), t.seq_mark, t.seq::text),
                   t.author_mark, t.summary)
    from taken t
)
select t.ordinal, t.workspace_id, t.seq, t.published_seq, t.summary as author from taken t";

/// Stores posts and their events, those of a channel in their order. None in the place of a post whose sender may not post or
/// is not known here.
///
/// # Errors
/// A violation of one of [`KEYS`] when the key of one of them was used before, or is used by two of them; any other database
/// error. Nothing is stored then.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    posts: &[Arc<NewPost>],
) -> Result<Vec<Option<Posted>>, sqlx::Error> {
    let (places, mentioned) = mentioned(posts);
    let rows: Vec<Posted> = sqlx::query_as(SEND)
        .bind(column(posts, |post| post.channel_id.as_uuid()))
        .bind(column(posts, |post| post.id.as_uuid()))
        .bind(column(posts, |post| post.author_id.as_uuid()))
        .bind(column(posts, |post| post.client_msg_id.as_deref()))
        .bind(column(posts, |post| post.idempotency_key.as_deref()))
        .bind(column(posts, |post| &post.fingerprint[..]))
        .bind(column(posts, |post| post.content.as_str()))
        .bind(column(posts, |post| post.content_html.as_str()))
        .bind(column(posts, |post| array_text(&post.file_ids)))
        .bind(column(posts, |post| post.mentions.as_str()))
        .bind(column(posts, |post| post.everyone))
        .bind(column(posts, |post| post.at))
        .bind(column(posts, |post| post.template.sealed.event_id.as_uuid()))
        .bind(column(posts, |post| post.template.sealed.head.as_str()))
        .bind(column(posts, |post| post.template.sealed.data.as_str()))
        .bind(column(posts, |post| post.template.workspace.as_str()))
        .bind(column(posts, |post| post.template.seq.as_str()))
        .bind(column(posts, |post| post.template.author.as_str()))
        .bind(column(posts, |post| post.bypass))
        .bind(column(posts, |post| post.second_factor))
        .bind(places)
        .bind(mentioned)
        .fetch_all(connection)
        .await?;
    let mut stored: Vec<Option<Posted>> = posts.iter().map(|_| None).collect();
    for row in rows {
        let place = usize::try_from(row.ordinal - 1).ok();
        if let Some(slot) = place.and_then(|place| stored.get_mut(place)) {
            *slot = Some(row);
        }
    }
    Ok(stored)
}

fn column<'a, T>(posts: &'a [Arc<NewPost>], value: impl Fn(&'a NewPost) -> T) -> Vec<T> {
    posts.iter().map(|post| value(post)).collect()
}

/// Whom the posts call: the place of the post and the user, side by side.
fn mentioned(posts: &[Arc<NewPost>]) -> (Vec<i64>, Vec<Uuid>) {
    let calls = |(place, post): (i64, &Arc<NewPost>)| -> Vec<(i64, Uuid)> {
        post.mentioned.iter().map(|user_id| (place, user_id.as_uuid())).collect()
    };
    (1..).zip(posts).flat_map(calls).unzip()
}

/// Postgres' text form of an array, for a column of arrays: `unnest` would lay them all out in one row.
fn array_text(ids: &[FileId]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

impl Posted {
    /// The committed row for the relay.
    pub(crate) fn logged(&self, post: &NewPost, traceparent: Option<String>) -> Logged {
        Logged {
            channel_id: post.channel_id,
            seq: self.seq,
            event_id: post.template.sealed.event_id,
            kind: "message.created",
            version: 1,
            at: post.at,
            traceparent,
            envelope: post.template.fill(self.workspace_id, self.seq, &self.author),
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
