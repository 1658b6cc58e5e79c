//! Copies of auth's users. Guarded by version; erasing is final.

use colink_core::id::UserId;
use colink_events::users::UserPayload;
use sqlx::PgPool;
use uuid::Uuid;

/// Takes over a profile as it is after an event.
pub(crate) async fn upsert(pool: &PgPool, user: &UserPayload) -> Result<(), sqlx::Error> {
    let (name, shown) = (user.username.as_str(), user.display_name.as_str());
    set(pool, user.user_id, name, shown, user.avatar_url.as_deref(), user.version).await
}

/// Forgets who a user was.
pub(crate) async fn erase(pool: &PgPool, user: UserId) -> Result<(), sqlx::Error> {
    set(pool, user, "deleted", "Deleted user", None, i64::MAX).await
}

async fn set(
    pool: &PgPool,
    user: UserId,
    username: &str,
    display_name: &str,
    avatar_url: Option<&str>,
    version: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into users (user_id, username, display_name, avatar_url, version) values ($1, $2, $3, $4, $5)
         on conflict (user_id) do update
         set username = excluded.username, display_name = excluded.display_name,
             avatar_url = excluded.avatar_url, version = excluded.version
         where users.version < excluded.version",
    )
    .bind(user.as_uuid())
    .bind(username)
    .bind(display_name)
    .bind(avatar_url)
    .bind(version)
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
