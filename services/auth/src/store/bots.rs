//! Bots: users of the kind `bot`, with an owner.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::page::TableQuery;
use colink_core::text::{DisplayName, Username};
use colink_core::time::Timestamp;
use colink_events::users::UserPayload;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::users::User;

/// A bot with its account.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Bot {
    #[sqlx(flatten)]
    pub(crate) user: User,
    owner_id: Uuid,
    pub(crate) description: Option<String>,
    /// Out of use since then.
    pub(crate) deactivated_at: Option<DateTime<Utc>>,
}

impl Bot {
    /// Whose bot it is.
    pub(crate) fn owner_id(&self) -> UserId {
        UserId::from_uuid(self.owner_id)
    }

    /// The profile as it stands, for an event.
    pub(crate) fn payload(&self, at: Timestamp) -> UserPayload {
        self.user.payload(at)
    }
}

/// A bot to be.
#[derive(Debug)]
pub(crate) struct NewBot<'a> {
    pub(crate) id: UserId,
    pub(crate) owner_id: UserId,
    pub(crate) username: &'a Username,
    pub(crate) display_name: &'a DisplayName,
    pub(crate) description: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
}

/// Makes the account and what makes it a bot; its username must have been taken.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewBot<'_>) -> sqlx::Result<Bot> {
    sqlx::query(
        // It has no address, so nothing of it waits for a proof.
        "insert into users (id, kind, username, display_name, email_verified_at, realm_roles, version, created_at,
                            updated_at)
         values ($1, 'bot', $2, $3, $4, '{user}', 1, $4, $4)",
    )
    .bind(new.id.as_uuid())
    .bind(new.username.as_str())
    .bind(new.display_name.as_str())
    .bind(new.now)
    .execute(&mut *connection)
    .await?;
    sqlx::query("insert into bots (user_id, owner_id, description, created_at) values ($1, $2, $3, $4)")
        .bind(new.id.as_uuid())
        .bind(new.owner_id.as_uuid())
        .bind(new.description)
        .bind(new.now)
        .execute(&mut *connection)
        .await?;
    lookup(connection, new.id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The bot with this id, in use or not; `None` for a person.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>, id: UserId) -> sqlx::Result<Option<Bot>> {
    sqlx::query_as(
        "select u.*, b.owner_id, b.description from bots b join users u on u.id = b.user_id where b.user_id = $1",
    )
    .bind(id.as_uuid())
    .fetch_optional(executor)
    .await
}

/// The same, with its account locked until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: UserId) -> sqlx::Result<Option<Bot>> {
    sqlx::query_as(
        "select u.*, b.owner_id, b.description from bots b join users u on u.id = b.user_id
          where b.user_id = $1 for update",
    )
    .bind(id.as_uuid())
    .fetch_optional(connection)
    .await
}

/// The bots in use of an owner, with their accounts locked until the transaction ends.
pub(crate) async fn lock_owned(connection: &mut PgConnection, owner_id: UserId) -> sqlx::Result<Vec<UserId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select u.id from bots b join users u on u.id = b.user_id
          where b.owner_id = $1 and u.deactivated_at is null
          order by u.id for update",
    )
    .bind(owner_id.as_uuid())
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(UserId::from_uuid).collect())
}

/// How many bots in use an owner has. His row must be locked, so that the number holds.
pub(crate) async fn count(executor: impl PgExecutor<'_>, owner_id: Option<UserId>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from bots b join users u on u.id = b.user_id
          where ($1::uuid is null or b.owner_id = $1) and u.deactivated_at is null",
    )
    .bind(owner_id.map(UserId::as_uuid))
    .fetch_one(executor)
    .await
}

/// Bots in use, newest first: an owner's, or all.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    owner_id: Option<UserId>,
    table: TableQuery,
) -> sqlx::Result<Vec<Bot>> {
    sqlx::query_as(
        "select u.*, b.owner_id, b.description from bots b join users u on u.id = b.user_id
          where ($1::uuid is null or b.owner_id = $1) and u.deactivated_at is null
          order by b.created_at desc, b.user_id desc limit $2 offset $3",
    )
    .bind(owner_id.map(UserId::as_uuid))
    .bind(table.limit())
    .bind(table.offset())
    .fetch_all(executor)
    .await
}

/// An owner's bots, the newest first, those out of use among them.
pub(crate) async fn list_kept(executor: impl PgExecutor<'_>, owner_id: UserId) -> sqlx::Result<Vec<Bot>> {
    sqlx::query_as(
        "select u.*, b.owner_id, b.description from bots b join users u on u.id = b.user_id
          where b.owner_id = $1
          order by b.created_at desc, b.user_id desc",
    )
    .bind(owner_id.as_uuid())
    .fetch_all(executor)
    .await
}

/// Changes what is shown of a bot; it must be locked. What is none stays.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: UserId,
    display_name: Option<&DisplayName>,
    description: Option<&str>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update bots set description = coalesce($2, description) where user_id = $1")
        .bind(id.as_uuid())
        .bind(description)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "update users set display_name = $2, version = version + 1, updated_at = $3
          where id = $1 and display_name is distinct from $2 and $2 is not null",
    )
    .bind(id.as_uuid())
    .bind(display_name.map(DisplayName::as_str))
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Takes a bot out of use; it must be locked.
pub(crate) async fn update_deactivated(
    connection: &mut PgConnection,
    id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update users set deactivated_at = $2, updated_at = $2 where id = $1")
        .bind(id.as_uuid())
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}
