//! Who somebody is at other identity providers.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// An identity as its owner sees it.
#[derive(Debug, FromRow)]
pub(crate) struct Identity {
    pub(crate) provider: String,
    pub(crate) subject: String,
    pub(crate) linked_at: DateTime<Utc>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

/// Holds the subject until the transaction ends: of several first sign-ins of one person one goes on, and the others find
/// what it made.
pub(crate) async fn lock_subject(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || chr(10) || $2, 20261121))")
        .bind(provider)
        .bind(subject)
        .execute(connection)
        .await
        .map(drop)
}

/// Whose identity it is.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    provider: &str,
    subject: &str,
) -> sqlx::Result<Option<UserId>> {
    let user_id: Option<Uuid> =
        sqlx::query_scalar("select user_id from identities where provider = $1 and subject = $2")
            .bind(provider)
            .bind(subject)
            .fetch_optional(executor)
            .await?;
    Ok(user_id.map(UserId::from_uuid))
}

/// Whose identity it is. It is not unlinked before the transaction ends.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
) -> sqlx::Result<Option<UserId>> {
    let user_id: Option<Uuid> = sqlx::query_scalar(
        "select user_id from identities where provider = $1 and subject = $2 for key share",
    )
    .bind(provider)
    .bind(subject)
    .fetch_optional(connection)
    .await?;
    Ok(user_id.map(UserId::from_uuid))
}

/// The user's identities, oldest first.
pub(crate) async fn list(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<Vec<Identity>> {
    sqlx::query_as(
        "select provider, subject, linked_at, last_used_at from identities where user_id = $1 order by linked_at, provider",
    )
    .bind(user_id.as_uuid())
    .fetch_all(executor)
    .await
}

/// Links an identity; `false` when it is somebody's, or the user has one of the same provider.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
    user_id: UserId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let linked = sqlx::query(
        "insert into identities (provider, subject, user_id, linked_at) values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(provider)
    .bind(subject)
    .bind(user_id.as_uuid())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(linked.rows_affected() == 1)
}

/// Somebody signed in with it; `false` when it was unlinked in this moment.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let used = sqlx::query("update identities set last_used_at = $3 where provider = $1 and subject = $2")
        .bind(provider)
        .bind(subject)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(used.rows_affected() == 1)
}

/// Unlinks; `false` when there was nothing to unlink.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: UserId,
    provider: &str,
) -> sqlx::Result<bool> {
    let unlinked = sqlx::query("delete from identities where user_id = $1 and provider = $2")
        .bind(user_id.as_uuid())
        .bind(provider)
        .execute(connection)
        .await?;
    Ok(unlinked.rows_affected() == 1)
}

/// Unlinks so many people at most from a provider that is to be no more, and says whom.
pub(crate) async fn delete_of_provider(
    connection: &mut PgConnection,
    provider: &str,
    most: i64,
) -> sqlx::Result<Vec<UserId>> {
    let unlinked: Vec<Uuid> = sqlx::query_scalar(
        "delete from identities
          where provider = $1
            and subject = any (array(select subject from identities where provider = $1 limit $2 for update))
         returning user_id",
    )
    .bind(provider)
    .bind(most)
    .fetch_all(connection)
    .await?;
    Ok(unlinked.into_iter().map(UserId::from_uuid).collect())
}

/// How many identities the user can sign in with: those of the providers that are `configured`, or of a workspace.
pub(crate) async fn count_usable(
    connection: &mut PgConnection,
    user_id: UserId,
    configured: &[String],
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from identities i
          where i.user_id = $1
            and (i.provider = any($2) or exists (select 1 from oidc_providers p where p.id::text = i.provider))",
    )
    .bind(user_id.as_uuid())
    .bind(configured)
    .fetch_one(connection)
    .await
}
