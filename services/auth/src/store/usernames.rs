//! Who has a name.
//!
//! A name belongs to somebody for good, or is held until some time for a registration that nobody has proven, or for nobody.
//! Held names look the same from outside whatever they are held for: only the clean-up frees them, all of them at once.

use chrono::{DateTime, Utc};
use colink_core::text::Username;
use sqlx::{PgConnection, PgExecutor};

use super::registrations::RegistrationId;

/// Takes a name for good; `false` when somebody has it or it is held.
pub(crate) async fn insert(connection: &mut PgConnection, username: &Username) -> sqlx::Result<bool> {
    let taken = sqlx::query("insert into usernames (username) values ($1) on conflict (username) do nothing")
        .bind(username.as_str())
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
) -> sqlx::Result<bool> {
    let claimed = sqlx::query(
        "insert into usernames (username) values ($1)
         on conflict (username) do update set held_until = null, registration_id = null
          where usernames.registration_id = $2",
    )
    .bind(username)
    .bind(registration)
    .execute(connection)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Gives an account the name that it has for good: its address is proven.
pub(crate) async fn update_kept(connection: &mut PgConnection, username: &str) -> sqlx::Result<()> {
    sqlx::query("update usernames set held_until = null, registration_id = null where username = $1")
        .bind(username)
        .execute(connection)
        .await
        .map(drop)
}

/// Turns a name into one that is held for nobody: for as long as it is held already, or else until then.
pub(crate) async fn update_held(
    connection: &mut PgConnection,
    username: &str,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update usernames set held_until = coalesce(held_until, $2), registration_id = null where username = $1",
    )
    .bind(username)
    .bind(until)
    .execute(connection)
    .await
    .map(drop)
}

/// Frees the names that were held until `now`, and says how many. Accounts that nobody proved have given theirs up before
/// (`jobs/expire_registrations.rs`); a name that one has all the same stays.
pub(crate) async fn delete_expired(executor: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<u64> {
    let freed = sqlx::query(
        "delete from usernames n
          where n.held_until <= $1 and not exists (select from users u where u.username = n.username)",
    )
    .bind(now)
    .execute(executor)
    .await?;
    Ok(freed.rows_affected())
}
