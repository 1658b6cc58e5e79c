//! Reactions. Writes happen inside a turn, so counts cannot race.

use chrono::{DateTime, Utc};
use colink_core::id::{MessageId, ReactionId, UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Whether a reaction was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was; so many users now react with this emoji.
    Count(i64),
    /// The user reacts with this emoji already.
    Twice,
    /// The message has as many different emoji as it may.
    TooMany,
}

/// Adds a reaction, if it is new and the message has room for its emoji.
pub(crate) async fn insert(
    db: &mut PgConnection,
    id: ReactionId,
    message_id: MessageId,
    user_id: UserId,
    emoji: &str,
    at: DateTime<Utc>,
    max_emoji: i64,
) -> Result<Added, sqlx::Error> {
    let (same, mine, distinct): (i64, bool, i64) = sqlx::query_as(
        "select count(*) filter (where emoji = $2), coalesce(bool_or(emoji = $2 and user_id = $3), false),
                count(distinct emoji)
         from reactions where message_id = $1",
    )
    .bind(message_id.as_uuid())
    .bind(emoji)
    .bind(user_id.as_uuid())
    .fetch_one(&mut *db)
    .await?;
    if mine {
        return Ok(Added::Twice);
    }
    if same == 0 && distinct >= max_emoji {
        return Ok(Added::TooMany);
    }
    sqlx::query(
        "insert into reactions (id, message_id, user_id, emoji, created_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(id.as_uuid())
    .bind(message_id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(emoji)
    .bind(at)
    .execute(db)
    .await?;
    Ok(Added::Count(same + 1))
}

/// Takes a reaction back. The reaction and how many users still react with its emoji; none when there is no such
/// reaction.
pub(crate) async fn delete(
    db: &mut PgConnection,
    message_id: MessageId,
    user_id: UserId,
    emoji: &str,
) -> Result<Option<(Uuid, i64)>, sqlx::Error> {
    sqlx::query_as(
        "with gone as (
             delete from reactions where message_id = $1 and user_id = $2 and emoji = $3 returning id
         )
         select gone.id, (select count(*) from reactions
                          where message_id = $1 and emoji = $3 and user_id <> $2)
         from gone",
    )
    .bind(message_id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(emoji)
    .fetch_optional(db)
    .await
}

/// Notes on the message that its reactions changed.
pub(crate) async fn touch(db: &mut PgConnection, message_id: MessageId, seq: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update messages set changed_seq = $2 where id = $1")
        .bind(message_id.as_uuid())
        .bind(seq)
        .execute(db)
        .await?;
    Ok(())
}

/// A reaction by its id.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Reaction {
    pub(crate) message_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) emoji: String,
}

/// Finds a reaction by its id.
pub(crate) async fn lookup(pool: &PgPool, id: ReactionId) -> Result<Option<Reaction>, sqlx::Error> {
    sqlx::query_as("select message_id, user_id, emoji from reactions where id = $1")
        .bind(id.as_uuid())
        .fetch_optional(pool)
        .await
}

/// One user's reaction, for the list of a message.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Listed {
    pub(crate) id: Uuid,
    pub(crate) emoji: String,
    /// A JSON object.
    pub(crate) user: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// Who reacted to a message, the first first, after a position.
pub(crate) async fn list(
    pool: &PgPool,
    message_id: MessageId,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(
        "select r.id, r.emoji, r.created_at,
                coalesce(u.summary, json_build_object('id', r.user_id, 'username', '', 'display_name', '')::text) as user
         from reactions r left join users u on u.user_id = r.user_id
         where r.message_id = $1 and (r.created_at, r.id) > ($2, $3)
         order by r.created_at, r.id limit $4",
    )
    .bind(message_id.as_uuid())
    .bind(after.0)
    .bind(after.1)
    .bind(limit)
    .fetch_all(pool)
    .await
}
