//! Accounts whose address an identity provider vouches for.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::text::{Email, Username};
use sqlx::PgConnection;

use super::users::User;

/// An account to be, whose address a provider vouches for.
#[derive(Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a Email,
    pub(crate) username: &'a Username,
    pub(crate) display_name: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Creates a verified account without a password; `None` when the address has one.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewUser<'_>) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "insert into users (id, email, email_normalised, username, display_name, email_verified_at, realm_roles,
                            version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, '{user}', 1, $6, $6)
         on conflict (email_normalised) do nothing
         returning *",
    )
    .bind(new.id.as_uuid())
    .bind(new.email.as_given())
    .bind(new.email.as_str())
    .bind(new.username.as_str())
    .bind(new.display_name)
    .bind(new.now)
    .fetch_optional(connection)
    .await
}

/// Gives an account that nobody has verified to the owner of its address: nothing stays of whoever registered it.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: UserId,
    username: &Username,
    display_name: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<User> {
    sqlx::query_as(
        "update users
            set email_verified_at = $2, updated_at = $2, version = version + 1, password_hash = null,
                username = $3, display_name = $4, avatar_url = null
          where id = $1
         returning *",
    )
    .bind(id.as_uuid())
    .bind(now)
    .bind(username.as_str())
    .bind(display_name)
    .fetch_one(connection)
    .await
}
