//! Messages one at a time: where one is, what it says, and its changes inside a [`Turn`](crate::store::turn::Turn).

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, FileId, MessageId, UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::fingerprint::Fingerprint;

/// Where a message is and what it is: enough to decide who may do what to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) channel_id: ChannelId,
    pub(crate) author_id: UserId,
    pub(crate) deleted: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct PlaceRow {
    channel_id: Uuid,
    author_id: Uuid,
    deleted: bool,
}

/// Finds a message by its id.
pub(crate) async fn lookup_place(pool: &PgPool, id: MessageId) -> Result<Option<Place>, sqlx::Error> {
    let row: Option<PlaceRow> = sqlx::query_as(
        "select channel_id, author_id, deleted_at is not null as deleted from messages where id = $1",
    )
    .bind(id.as_uuid())
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Place {
        channel_id: row.channel_id.into(),
        author_id: row.author_id.into(),
        deleted: row.deleted,
    }))
}

/// A message as its changes need it.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Current {
    pub(crate) changed_seq: i64,
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) author_id: Uuid,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) content: String,
    pub(crate) file_ids: Vec<Uuid>,
    pub(crate) pinned_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The message as it stands in the turn, unless it was deleted.
pub(crate) async fn lookup_current(
    db: &mut PgConnection,
    id: MessageId,
) -> Result<Option<Current>, sqlx::Error> {
    sqlx::query_as(
        "select changed_seq, thread_id, author_id, client_msg_id, content, file_ids, pinned_at, created_at
         from messages where id = $1 and deleted_at is null",
    )
    .bind(id.as_uuid())
    .fetch_optional(db)
    .await
}

/// A message whose number is known, because its turn has come.
#[derive(Debug)]
pub(crate) struct NewMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
    pub(crate) thread_id: MessageId,
    pub(crate) in_channel: bool,
    pub(crate) author_id: UserId,
    pub(crate) client_msg_id: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) content: &'a str,
    pub(crate) content_html: &'a str,
    pub(crate) file_ids: &'a [FileId],
    pub(crate) mentions: &'a str,
    pub(crate) mentioned: &'a [UserId],
    pub(crate) everyone: bool,
    pub(crate) at: DateTime<Utc>,
}

/// Stores a reply.
///
/// # Errors
/// A violation of one of [`crate::store::send::KEYS`] when the key was used before.
pub(crate) async fn insert_reply(
    db: &mut PgConnection,
    channel_id: ChannelId,
    workspace_id: Uuid,
    message: &NewMessage<'_>,
) -> Result<(), sqlx::Error> {
    let file_ids: Vec<Uuid> = message.file_ids.iter().map(|id| id.as_uuid()).collect();
    sqlx::query(
        "with message as (
             insert into messages (id, channel_id, workspace_id, seq, changed_seq, thread_id, in_channel, author_id,
                 client_msg_id, idempotency_key, fingerprint, content, content_html, file_ids, mentions,
                 mentions_everyone, created_at)
             values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $16, $17)
         )
         insert into message_mentions (user_id, channel_id, seq, message_id)
         select x, $2, $4, $1 from unnest($15::uuid[]) x",
    )
    .bind(message.id.as_uuid())
    .bind(channel_id.as_uuid())
    .bind(workspace_id)
    .bind(message.seq)
    .bind(message.thread_id.as_uuid())
    .bind(message.in_channel)
    .bind(message.author_id.as_uuid())
    .bind(message.client_msg_id)
    .bind(message.idempotency_key)
    .bind(&message.fingerprint[..])
    .bind(message.content)
    .bind(message.content_html)
    .bind(file_ids)
    .bind(message.mentions)
    .bind(user_uuids(message.mentioned))
    .bind(message.everyone)
    .bind(message.at)
    .execute(db)
    .await?;
    Ok(())
}

/// The new wording of a message.
#[derive(Debug)]
pub(crate) struct Rewording<'a> {
    pub(crate) id: MessageId,
    pub(crate) seq: i64,
    pub(crate) content: &'a str,
    pub(crate) content_html: &'a str,
    pub(crate) mentions: &'a str,
    pub(crate) mentioned: &'a [UserId],
    pub(crate) everyone: bool,
    pub(crate) at: DateTime<Utc>,
}

/// Keeps the present wording as an edit and puts the new one in its place; mentions follow.
pub(crate) async fn update_content(db: &mut PgConnection, new: &Rewording<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with kept as (
             insert into message_edits (message_id, replaced_seq, content, content_html, written_at, replaced_at)
             select id, $2, content, content_html, coalesce(edited_at, created_at), $8 from messages where id = $1
         ), reworded as (
             update messages
             set content = $3, content_html = $4, mentions = $5, mentions_everyone = $7, edited_at = $8, changed_seq = $2
             where id = $1 returning channel_id, seq
         ), uncalled as (
             delete from message_mentions where message_id = $1 and user_id <> all($6)
         )
         insert into message_mentions (user_id, channel_id, seq, message_id)
         select x, r.channel_id, r.seq, $1 from reworded r, unnest($6::uuid[]) x
         on conflict do nothing",
    )
    .bind(new.id.as_uuid())
    .bind(new.seq)
    .bind(new.content)
    .bind(new.content_html)
    .bind(new.mentions)
    .bind(user_uuids(new.mentioned))
    .bind(new.everyone)
    .bind(new.at)
    .execute(db)
    .await?;
    Ok(())
}

/// Hides a message: its text stays for audit, its mentions and pin go.
pub(crate) async fn delete(
    db: &mut PgConnection,
    id: MessageId,
    seq: i64,
    by: UserId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with uncalled as (delete from message_mentions where message_id = $1)
         update messages
         set deleted_at = $4, deleted_by = $3, changed_seq = $2, pinned_at = null, pinned_by = null
         where id = $1",
    )
    .bind(id.as_uuid())
    .bind(seq)
    .bind(by.as_uuid())
    .bind(at)
    .execute(db)
    .await?;
    Ok(())
}

/// An earlier wording.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Edit {
    pub(crate) content: String,
    pub(crate) content_html: String,
    pub(crate) written_at: DateTime<Utc>,
    pub(crate) replaced_at: DateTime<Utc>,
    pub(crate) replaced_seq: i64,
}

/// Earlier wordings, the newest first, older than a revision; none of a deleted message.
pub(crate) async fn list_edits(
    pool: &PgPool,
    id: MessageId,
    before: i64,
    limit: i64,
) -> Result<Vec<Edit>, sqlx::Error> {
    sqlx::query_as(
        "select e.content, e.content_html, e.written_at, e.replaced_at, e.replaced_seq
         from message_edits e join messages m on m.id = e.message_id and m.deleted_at is null
         where e.message_id = $1 and e.replaced_seq < $2 order by e.replaced_seq desc limit $3",
    )
    .bind(id.as_uuid())
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await
}

fn user_uuids(users: &[UserId]) -> Vec<Uuid> {
    users.iter().map(|id| id.as_uuid()).collect()
}
