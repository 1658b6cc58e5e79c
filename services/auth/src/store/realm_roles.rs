//! The realm roles of accounts.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::PgConnection;

use super::users::User;

/// The account with this id and every realm admin, locked until the transaction ends: whoever decides by them waits for
/// whoever is changing one. By id, so that two who do it wait for one another in one order.
pub(crate) async fn lock_with_admins(connection: &mut PgConnection, id: UserId) -> sqlx::Result<Vec<User>> {
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
