//! Messages that mention an erased user by his former name.

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::users::UserErased;
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::lexeme::quoted;
use crate::domain::token::tokens;
use crate::store::messages::{Indexed, vector_of};

/// Messages that are read at a time.
const PAGE: i64 = 200;

/// A message with the former name, and what it says without it.
#[derive(Debug, sqlx::FromRow)]
struct Mentioning {
    message_id: Uuid,
    channel_id: Uuid,
    workspace_id: Uuid,
    author_id: Uuid,
    replies: bool,
    has_files: bool,
    content: String,
    renamed: String,
}

/// An erased user whose former name is to be looked for.
#[derive(Debug)]
pub(crate) struct Former {
    pub(crate) user: UserId,
    pub(crate) username: String,
    /// When it was first looked for; none before that.
    pub(crate) first_pass_at: Option<Timestamp>,
}

/// The erased users whose former names are to be looked for at `now`.
pub(crate) async fn list_due(pool: &PgPool, now: Timestamp) -> Result<Vec<Former>, sqlx::Error> {
    let rows: Vec<(Uuid, String, Option<DateTime<Utc>>)> = sqlx::query_as(
        "select user_id, former_username, first_pass_at from users
         where former_username is not null and (next_pass_at is null or next_pass_at <= $1)",
    )
    .bind(now.as_datetime())
    .fetch_all(pool)
    .await?;
    let former = |(user, username, first): (Uuid, String, Option<DateTime<Utc>>)| Former {
        user: user.into(),
        username,
        first_pass_at: first.map(Timestamp::from),
    };
    Ok(rows.into_iter().map(former).collect())
}

/// Renames the user in a page of messages, text and index. Answers how many there were.
pub(crate) async fn update_mentioning(
    pool: &PgPool,
    user: UserId,
    former: &str,
) -> Result<usize, sqlx::Error> {
    let words: Vec<String> = tokens(former).iter().map(|token| quoted(&token.text)).collect();
    let pattern = format!("@{}(?![.-]*[A-Za-z0-9_])", former.replace('.', "\\."));
    let found: Vec<Mentioning> = sqlx::query_as(
        "select message_id, channel_id, workspace_id, author_id, thread_id is not null as replies,
                file_ids <> '{}' as has_files, content, regexp_replace(content, $2, $3, 'gi') as renamed
         from messages where tsv @@ $1::text::tsquery and content ~* $2 limit $4",
    )
    .bind(words.join(" & "))
    .bind(&pattern)
    .bind(format!("@{}", UserErased::username(user)))
    .bind(PAGE)
    .fetch_all(pool)
    .await?;
    for message in &found {
        update(pool, message).await?;
    }
    Ok(found.len())
}

/// Unless the message says something else by now: then it is found again.
async fn update(pool: &PgPool, message: &Mentioning) -> Result<(), sqlx::Error> {
    let indexed = Indexed {
        workspace_id: WorkspaceId::from_uuid(message.workspace_id),
        channel_id: ChannelId::from_uuid(message.channel_id),
        author_id: UserId::from_uuid(message.author_id),
        content: &message.renamed,
        has_files: message.has_files,
        replies: message.replies,
    };
    sqlx::query(
        "update messages set content = $3, tsv = $4::text::tsvector where message_id = $1 and content = $2",
    )
    .bind(message.message_id)
    .bind(&message.content)
    .bind(&message.renamed)
    .bind(vector_of(&indexed))
    .execute(pool)
    .await?;
    Ok(())
}

/// Notes when the former name was first looked for, and when it is next.
pub(crate) async fn update_passes(
    pool: &PgPool,
    user: UserId,
    first: Timestamp,
    next: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("update users set first_pass_at = $2, next_pass_at = $3 where user_id = $1")
        .bind(user.as_uuid())
        .bind(first.as_datetime())
        .bind(next.as_datetime())
        .execute(pool)
        .await?;
    Ok(())
}

/// Forgets the former name, which is not looked for any more.
pub(crate) async fn delete_former(pool: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update users set former_username = null, first_pass_at = null, next_pass_at = null where user_id = $1",
    )
    .bind(user.as_uuid())
    .execute(pool)
    .await?;
    Ok(())
}
