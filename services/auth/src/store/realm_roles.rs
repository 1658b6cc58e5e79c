//! The realm roles of accounts.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{PgConnection, PgExecutor};

use super::users::User;

/// Advisory lock of whoever decides who administers the installation.
const ADMINISTRATION_LOCK: i64 = 20_261_128;

/// Waits until nobody else decides who administers the installation, until the transaction ends. Taken before any row, so that
/// two who do it never wait for one another.
pub(crate) async fn lock_administration(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(ADMINISTRATION_LOCK)
        .execute(connection)
        .await
        .map(drop)
}

/// Every realm admin, those whose accounts are closed too.
pub(crate) async fn list_admins(executor: impl PgExecutor<'_>) -> sqlx::Result<Vec<User>> {
    sqlx::query_as("select * from users where 'admin' = any(realm_roles) order by id")
        .fetch_all(executor)
        .await
}

/// The account with this id and every realm admin, locked until the transaction ends: whoever decides by them waits for
/// whoever is changing one, and behind [`lock_administration`] for whoever leaves.
pub(crate) async fn lock_with_admins(connection: &mut PgConnection, id: UserId) -> sqlx::Result<Vec<User>> {
    lock_administration(&mut *connection).await?;
    sqlx::query_as(
        "select * from users where id = $1 or 'admin' = any(realm_roles) order by id for no key update",
    )
    .bind(id.as_uuid())
    .fetch_all(connection)
    .await
}

/// Gives an account, which must be locked, other roles. They are shown in its profile, so it is of another version.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: UserId,
    roles: &[String],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update users set realm_roles = $2, version = version + 1, updated_at = $3 where id = $1")
        .bind(id.as_uuid())
        .bind(roles)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}
