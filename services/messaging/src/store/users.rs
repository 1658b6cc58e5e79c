//! Copies of auth's users: the summary beside each message, and the names that mentions use.

use std::collections::HashMap;

use colink_core::id::{ChannelId, UserId};
use colink_events::messages::Author;
use colink_events::users::{UserErased, UserPayload};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Why a user could not be taken over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("an author cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Takes over a user. Guarded by `version`; 0 only makes a row that is missing.
pub(crate) async fn upsert(db: &mut PgConnection, author: &Author, version: i64) -> Result<(), UserError> {
    let summary = serde_json::to_string(author)?;
    sqlx::query(
        "insert into users (user_id, username, summary, version) values ($1, lower($2), $3, $4)
         on conflict (user_id) do update
         set username = excluded.username, summary = excluded.summary, version = excluded.version
         where users.version < excluded.version",
    )
    .bind(author.id.as_uuid())
    .bind(&author.username)
    .bind(summary)
    .bind(version)
    .execute(db)
    .await?;
    Ok(())
}

/// Makes a user anonymous for good, also one who is not here yet: no version is above this one. The name he had stays
/// aside until nothing mentions it.
pub(crate) async fn erase(db: &mut PgConnection, user_id: UserId) -> Result<(), UserError> {
    let author = erased_author(user_id);
    let summary = serde_json::to_string(&author)?;
    sqlx::query(
        "insert into users (user_id, username, summary, version) values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set username = excluded.username, summary = excluded.summary, version = excluded.version,
             former_username = users.username
         where users.version < excluded.version",
    )
    .bind(user_id.as_uuid())
    .bind(&author.username)
    .bind(summary)
    .bind(i64::MAX)
    .execute(db)
    .await?;
    Ok(())
}

/// Who wrote what an erased user wrote.
pub(crate) fn erased_author(id: UserId) -> Author {
    Author {
        id,
        username: UserErased::username(id),
        display_name: UserErased::DISPLAY_NAME.to_owned(),
        avatar_url: None,
        bot: false,
    }
}

/// The author that a user's event describes.
pub(crate) fn author(user: UserPayload) -> Author {
    Author {
        id: user.user_id,
        username: user.username,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
        bot: user.bot,
    }
}

/// The users among `names` (lower case) who can be called in a channel: active members of its workspace.
pub(crate) async fn find_by_names(
    pool: &PgPool,
    channel_id: ChannelId,
    names: &[String],
) -> Result<HashMap<String, UserId>, sqlx::Error> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as(
        "select u.username, u.user_id
         from channel_heads h
         join users u on u.username = any($2)
         join workspace_members w on w.workspace_id = h.workspace_id and w.user_id = u.user_id and w.active
         where h.channel_id = $1",
    )
    .bind(channel_id.as_uuid())
    .bind(names)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(name, user_id)| (name, user_id.into())).collect())
}

/// A user's summary, a JSON object.
pub(crate) async fn lookup_summary(
    db: &mut PgConnection,
    user_id: UserId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select summary from users where user_id = $1")
        .bind(user_id.as_uuid())
        .fetch_optional(db)
        .await
}
