//! What a user has written and how he reacted, over all channels: for the export of his data.

use chrono::{DateTime, Utc};
use colink_core::id::{MessageId, ReactionId, UserId};
use sqlx::PgPool;
use uuid::Uuid;

/// A message as its author gets it back.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Written {
    pub(crate) id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) content: String,
    pub(crate) file_ids: Vec<Uuid>,
    pub(crate) edited_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A reaction as whoever reacted gets it back.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Reacted {
    pub(crate) id: Uuid,
    pub(crate) message_id: Uuid,
    pub(crate) emoji: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// The user's messages behind `after` that are not deleted, the first written first.
pub(crate) async fn list_messages(
    pool: &PgPool,
    user: UserId,
    after: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Written>, sqlx::Error> {
    sqlx::query_as(
        "select id, channel_id, workspace_id, thread_id, content, file_ids, edited_at, created_at
         from messages where author_id = $1 and id > $2 and deleted_at is null order by id limit $3",
    )
    .bind(user.as_uuid())
    .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// The user's reactions behind `after`, the first one first.
pub(crate) async fn list_reactions(
    pool: &PgPool,
    user: UserId,
    after: Option<ReactionId>,
    limit: i64,
) -> Result<Vec<Reacted>, sqlx::Error> {
    sqlx::query_as(
        "select id, message_id, emoji, created_at
         from reactions where user_id = $1 and id > $2 order by id limit $3",
    )
    .bind(user.as_uuid())
    .bind(after.map_or(Uuid::nil(), |id| id.as_uuid()))
    .bind(limit)
    .fetch_all(pool)
    .await
}
