//! Copies of auth's users. Guarded by version; erasing is final.

use colink_core::id::UserId;
use colink_events::users::{UserErased, UserPayload};
use sqlx::PgPool;
use uuid::Uuid;

/// Takes over a profile as it is after an event.
pub(crate) async fn upsert(pool: &PgPool, user: &UserPayload) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, username, display_name, avatar_url, version) values ($1, $2, $3, $4, $5)
         on conflict (user_id) do update
         set username = excluded.username, display_name = excluded.display_name,
             avatar_url = excluded.avatar_url, version = excluded.version
         where users.version < excluded.version",
    )
    .bind(user.user_id.as_uuid())
    .bind(&user.username)
    .bind(&user.display_name)
    .bind(&user.avatar_url)
    .bind(user.version)
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets who a user was, for good: no version is above this one. The name he had stays aside until nothing mentions it.
pub(crate) async fn erase(pool: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, username, display_name, version) values ($1, $2, $3, $4)
         on conflict (user_id) do update
         set username = excluded.username, display_name = excluded.display_name, avatar_url = null,
             version = excluded.version, former_username = users.username
         where users.version < excluded.version",
    )
    .bind(user.as_uuid())
    .bind(UserErased::username(user))
    .bind(UserErased::DISPLAY_NAME)
    .bind(i64::MAX)
    .execute(pool)
    .await?;
    Ok(())
}

/// The users who have one of these names, in lower case, or are named by their ids.
pub(crate) async fn find_by_names(pool: &PgPool, names: &[String]) -> Result<Vec<UserId>, sqlx::Error> {
    let mut found: Vec<UserId> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let named: Vec<Uuid> = sqlx::query_scalar(
        "select user_id from users where lower(username) = any($1) or lower(display_name) = any($1) limit 100",
    )
    .bind(names)
    .fetch_all(pool)
    .await?;
    found.extend(named.into_iter().map(UserId::from_uuid));
    Ok(found)
}
