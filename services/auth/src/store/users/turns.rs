//! Accounts at the turns of their lives: proven, given to the owner of the address, with another password, expired.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::text::{Email, Username};
use sqlx::PgConnection;

use super::User;

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

/// Gives an account that nobody has verified to the owner of its address: nothing stays of whoever registered it.
pub(crate) async fn update_vouched(
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
