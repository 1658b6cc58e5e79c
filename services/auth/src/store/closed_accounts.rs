//! Accounts that were closed by their owners: rows of `users` with `deactivated_at`, or what is left of erased ones.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_events::users::UserErased;
use sqlx::{PgConnection, PgExecutor};

use super::users::User;

/// Closes an account; `false` when it is closed already.
pub(crate) async fn update_deactivated(
    connection: &mut PgConnection,
    id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let closed = sqlx::query(
        "update users set deactivated_at = $2, updated_at = $2
          where id = $1 and deactivated_at is null and erased_at is null",
    )
    .bind(id.as_uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(closed.rows_affected() == 1)
}

/// Opens a closed account again; `false` when it is open.
pub(crate) async fn update_reactivated(
    connection: &mut PgConnection,
    id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let opened = sqlx::query(
        "update users set deactivated_at = null, updated_at = $2
          where id = $1 and deactivated_at is not null and erased_at is null",
    )
    .bind(id.as_uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(opened.rows_affected() == 1)
}

/// Puts a row that says nothing in the place of the user's. Whatever hangs on the old row goes with it: `on delete cascade`
/// stands at every table that names a user, so that a table that is added later cannot be forgotten. His name is free.
pub(crate) async fn replace_erased(
    connection: &mut PgConnection,
    user: &User,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("delete from usernames where username = $1")
        .bind(&user.username)
        .execute(&mut *connection)
        .await?;
    sqlx::query("delete from users where id = $1")
        .bind(user.id().as_uuid())
        .execute(&mut *connection)
        .await?;
    let alias = take_alias(&mut *connection, user.id()).await?;
    sqlx::query(
        "insert into users (id, kind, username, display_name, realm_roles, version, created_at, updated_at, erased_at)
         values ($1, $2, $3, $4, '{}', $5, $6, $7, $7)",
    )
    .bind(user.id().as_uuid())
    .bind(&user.kind)
    .bind(alias)
    .bind(UserErased::DISPLAY_NAME)
    .bind(user.version + 1)
    .bind(user.created_at)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// The alias that other services show, which nobody can register from now on; where somebody has, a name too long for
/// anybody.
async fn take_alias(executor: impl PgExecutor<'_>, id: UserId) -> sqlx::Result<String> {
    let alias = UserErased::username(id);
    let taken = sqlx::query("insert into usernames (username) values ($1) on conflict (username) do nothing")
        .bind(&alias)
        .execute(executor)
        .await?;
    Ok(if taken.rows_affected() == 1 { alias } else { format!("{alias}-{}", id.as_uuid().simple()) })
}

/// Deletes the answers that were kept for a user's repeated requests: his profile stands in them. Those of his API keys are kept
/// under his name and their scopes (`TokenIdentity` of crate colink-auth).
pub(crate) async fn delete_answers(connection: &mut PgConnection, id: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from idempotency_keys where caller = $1 or starts_with(caller, $1 || ' ')")
        .bind(format!("user:{id}"))
        .execute(connection)
        .await
        .map(drop)
}
