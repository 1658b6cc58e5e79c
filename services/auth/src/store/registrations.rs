//! Registrations with an address that nobody has proven yet.
//!
//! Whoever writes here holds the row of the account ([`users::lock`](super::users::lock) or the insert that made it), so
//! none is added to an account that is being verified.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::text::{DisplayName, Username};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::batches;
use crate::domain::opaque_token::TokenHash;

/// A pending registration's number; a later one has a higher number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub(crate) struct RegistrationId(i64);

/// What an account is filled with when a link of this registration is used.
#[derive(FromRow)]
pub(crate) struct Registration {
    pub(crate) id: RegistrationId,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) password_hash: String,
    /// Of what its maker was answered.
    pub(crate) secret_hash: Option<Vec<u8>>,
    /// Where it came from.
    pub(crate) client: Option<String>,
}

/// A registration that a link was used for, before anything is locked.
#[derive(FromRow)]
pub(crate) struct Pending {
    id: RegistrationId,
    user_id: Uuid,
    pub(crate) password_hash: String,
}

impl Pending {
    pub(crate) fn id(&self) -> RegistrationId {
        self.id
    }

    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }
}

/// A registration to be.
#[derive(Debug)]
pub(crate) struct NewRegistration<'a> {
    pub(crate) user_id: UserId,
    pub(crate) username: &'a Username,
    pub(crate) display_name: &'a DisplayName,
    pub(crate) password_hash: &'a str,
    pub(crate) secret_hash: TokenHash,
    pub(crate) client: &'a str,
    pub(crate) now: DateTime<Utc>,
    /// When it is forgotten.
    pub(crate) until: DateTime<Utc>,
}

/// Keeps a registration, and for it the name, which was taken before.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    new: &NewRegistration<'_>,
) -> sqlx::Result<RegistrationId> {
    sqlx::query_scalar(
        "with pending as (
             insert into registrations (user_id, username, display_name, password_hash, secret_hash, client, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             returning id),
         held as (
             update usernames set held_until = $8, registration_id = (select id from pending) where username = $2)
         select id from pending",
    )
    .bind(new.user_id.as_uuid())
    .bind(new.username.as_str())
    .bind(new.display_name.as_str())
    .bind(new.password_hash)
    .bind(new.secret_hash.as_bytes())
    .bind(new.client)
    .bind(new.now)
    .bind(new.until)
    .fetch_one(connection)
    .await
}

/// The latest registrations of the account, newest first.
pub(crate) async fn list_latest(
    connection: &mut PgConnection,
    user_id: UserId,
    limit: i64,
) -> sqlx::Result<Vec<RegistrationId>> {
    sqlx::query_scalar("select id from registrations where user_id = $1 order by id desc limit $2")
        .bind(user_id.as_uuid())
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// The registration that a living token is for.
pub(crate) async fn find_by_token(
    executor: impl PgExecutor<'_>,
    hash: TokenHash,
    purpose: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Pending>> {
    sqlx::query_as(
        "select r.id, r.user_id, r.password_hash
           from email_tokens t join registrations r on r.id = t.registration_id
          where t.token_hash = $1 and t.purpose = $2 and t.expires_at > $3",
    )
    .bind(hash.as_bytes())
    .bind(purpose)
    .bind(now)
    .fetch_optional(executor)
    .await
}

/// The registration that a living token is for, locked until the transaction ends. The account must be locked before:
/// of many uses of its links one gets here first.
pub(crate) async fn lock_by_token(
    connection: &mut PgConnection,
    hash: TokenHash,
    purpose: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Registration>> {
    sqlx::query_as(
        "select r.id, r.username, r.display_name, r.password_hash, r.secret_hash, r.client
           from email_tokens t join registrations r on r.id = t.registration_id
          where t.token_hash = $1 and t.purpose = $2 and t.expires_at > $3
            for update of r",
    )
    .bind(hash.as_bytes())
    .bind(purpose)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Deletes every registration of the account, with its tokens; mails that wait for it are not sent.
pub(crate) async fn delete_all(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from registrations where user_id = $1")
        .bind(user_id.as_uuid())
        .execute(connection)
        .await
        .map(drop)
}

/// How many registrations the account has.
pub(crate) async fn count(connection: &mut PgConnection, user_id: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from registrations where user_id = $1")
        .bind(user_id.as_uuid())
        .fetch_one(connection)
        .await
}

/// Deletes registrations from `before` or earlier that nobody proved, with their tokens, and says how many.
pub(crate) async fn delete_expired(pool: &PgPool, before: DateTime<Utc>) -> sqlx::Result<u64> {
    batches::delete(pool, "registrations", "created_at <= $1", before).await
}
