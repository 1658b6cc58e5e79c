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

/// An account that was made by a registration at `before` or earlier and was never proven, whose registrations are all gone;
/// it never had a session. A link for a new password does not keep it: anybody can ask for one. Its row is waited for, so that
/// it goes with this clean-up also when somebody holds it.
pub(crate) async fn lock_expired(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "select u.* from users u
          where u.email_verified_at is null and u.created_at <= $1 and u.kind = 'person'
            and u.email_normalised is not null and u.password_hash is not null
            and not exists (select from registrations r where r.user_id = u.id)
            and not exists (select from sessions s where s.user_id = u.id)
          order by u.created_at
          limit 1
            for update of u",
    )
    .bind(before)
    .fetch_optional(connection)
    .await
}

/// Deletes an account with everything of it; the row must be locked.
pub(crate) async fn delete(connection: &mut PgConnection, id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from users where id = $1").bind(id.as_uuid()).execute(connection).await.map(drop)
}

/// Gives an account that was never proven, and whose name was held until `now`, the name of the oldest registration that it
/// still has. `None` when there is no such account.
pub(crate) async fn update_unproven_name(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "update users
            set updated_at = $1, version = version + 1,
                username = (select r.username
                              from registrations r
                              join usernames n on n.username = r.username and n.registration_id = r.id
                             where r.user_id = users.id and n.held_until > $1
                             order by r.id
                             limit 1)
          where id = (select u.id from users u join usernames o on o.username = u.username
                       where o.held_until <= $1 and u.email_verified_at is null
                         and exists (select from registrations r
                                       join usernames n on n.username = r.username and n.registration_id = r.id
                                      where r.user_id = u.id and n.held_until > $1)
                       limit 1
                         for update of u)
         returning *",
    )
    .bind(now)
    .fetch_optional(connection)
    .await
}
