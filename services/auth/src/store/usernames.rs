//! Who has a name.

use chrono::{DateTime, Utc};
use colink_core::text::Username;
use sqlx::{PgConnection, PgExecutor};

use super::registrations::RegistrationId;

/// Takes a name for good; `false` when somebody has it or it is held.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    username: &Username,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let taken = sqlx::query(
        "insert into usernames (username) values ($1)
         on conflict (username) do update set held_until = null, registration_id = null
          where usernames.held_until <= $2",
    )
    .bind(username.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Takes a name for good that is held for this registration, or that nobody has any more; `false` when somebody else
/// got it meanwhile.
pub(crate) async fn update_claimed(
    connection: &mut PgConnection,
    username: &str,
    registration: RegistrationId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query(
        "insert into usernames (username) values ($1)
         on conflict (username) do update set held_until = null, registration_id = null
          where usernames.registration_id = $2 or usernames.held_until <= $3",
    )
    .bind(username)
    .bind(registration)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Turns a name that belongs to somebody into one that is only held until then, for a registration or for nobody.
pub(crate) async fn update_held(
    connection: &mut PgConnection,
    username: &str,
    registration: Option<RegistrationId>,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update usernames set held_until = $3, registration_id = $2 where username = $1")
        .bind(username)
        .bind(registration)
        .bind(until)
        .execute(connection)
        .await
        .map(drop)
}

/// Frees a name.
pub(crate) async fn delete(connection: &mut PgConnection, username: &str) -> sqlx::Result<()> {
    sqlx::query("delete from usernames where username = $1")
        .bind(username)
        .execute(connection)
        .await
        .map(drop)
}

/// Frees the names that were held until before `now`, and says how many.
pub(crate) async fn delete_expired(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let freed =
        sqlx::query("delete from usernames where held_until <= $1").bind(now).execute(executor).await?;
    Ok(freed.rows_affected())
}
