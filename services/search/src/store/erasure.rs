//! Messages that mention an erased user by his former name.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
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

/// The erased users whose former names are still to be found, with these names.
pub(crate) async fn list(pool: &PgPool) -> Result<Vec<(UserId, String)>, sqlx::Error> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select user_id, former_username from users where former_username is not null")
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(user, name)| (user.into(), name)).collect())
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

/// Forgets the former name, which nothing mentions any more.
pub(crate) async fn delete_former(pool: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("update users set former_username = null where user_id = $1")
        .bind(user.as_uuid())
        .execute(pool)
        .await?;
    Ok(())
}
