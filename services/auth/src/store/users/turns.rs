//! Accounts at the turns of their lives: taken over, proven by mail, with another password, expired.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::text::{DisplayName, Email, Username};
use sqlx::PgConnection;

use super::User;

/// An account of another system.
#[derive(Debug)]
pub(crate) struct ImportedUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a Email,
    pub(crate) username: &'a Username,
    pub(crate) display_name: &'a DisplayName,
    pub(crate) password_hash: Option<&'a str>,
    pub(crate) now: DateTime<Utc>,
}

/// Creates an account whose address was proven elsewhere; `None` when the address has one.
pub(crate) async fn insert_imported(
    connection: &mut PgConnection,
    new: &ImportedUser<'_>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "insert into users (id, email, email_normalised, username, display_name, password_hash, realm_roles,
                            email_verified_at, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, '{user}', $7, 1, $7, $7)
         on conflict (email_normalised) do nothing
         returning *",
    )
    .bind(new.id.as_uuid())
    .bind(new.email.as_given())
    .bind(new.email.as_str())
    .bind(new.username.as_str())
    .bind(new.display_name.as_str())
    .bind(new.password_hash)
    .bind(new.now)
    .fetch_optional(connection)
    .await
}

/// Marks the address as proven by something else than a registration, with the names as they are. `None` when it was
/// proven before.
pub(crate) async fn update_proven(
    connection: &mut PgConnection,
    id: UserId,
    admin_email: Option<&Email>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "update users
            set email_verified_at = $2, updated_at = $2,
                realm_roles = case when email_normalised = $3 then '{user,admin}' else realm_roles end
          where id = $1 and email_verified_at is null
         returning *",
    )
    .bind(id.as_uuid())
    .bind(now)
    .bind(admin_email.map(Email::as_str))
    .fetch_optional(connection)
    .await
}

/// Sets a new password; the row must be locked.
pub(crate) async fn update_password(
    connection: &mut PgConnection,
    id: UserId,
    password_hash: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update users set password_hash = $2, updated_at = $3 where id = $1")
        .bind(id.as_uuid())
        .bind(password_hash)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes an account that was made by a registration before `before` and was never proven, whose registrations are all
/// gone; it never had a session.
pub(crate) async fn delete_unproven(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "delete from users
          where id = (select u.id from users u
                       where u.email_verified_at is null and u.created_at < $1 and u.kind = 'person'
                         and u.email_normalised is not null and u.password_hash is not null
                         and not exists (select from registrations r where r.user_id = u.id)
                         and not exists (select from password_resets p where p.user_id = u.id)
                         and not exists (select from sessions s where s.user_id = u.id)
                       order by u.created_at
                       limit 1
                         for update of u skip locked)
         returning *",
    )
    .bind(before)
    .fetch_optional(connection)
    .await
}
