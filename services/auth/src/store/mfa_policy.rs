//! Who must have a second factor, when an administrator has decided it.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgExecutor};

/// The advisory lock under which the policy is changed.
const POLICY_LOCK: i64 = 0x6d66_615f_706f_6c69;

/// The policy as it is stored.
#[derive(Debug, FromRow)]
pub(crate) struct StoredPolicy {
    pub(crate) required_for_realm_roles: Vec<String>,
    pub(crate) grace_hours: i32,
    pub(crate) effective_at: DateTime<Utc>,
}

/// The policy; `None` while the configuration decides.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>) -> sqlx::Result<Option<StoredPolicy>> {
    sqlx::query_as("select required_for_realm_roles, grace_hours, effective_at from mfa_policy")
        .fetch_optional(executor)
        .await
}

/// Lets changes of the policy happen one after the other.
pub(crate) async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)").bind(POLICY_LOCK).execute(connection).await.map(drop)
}

/// Replaces the policy.
pub(crate) async fn update(
    connection: &mut PgConnection,
    policy: &StoredPolicy,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into mfa_policy (required_for_realm_roles, grace_hours, effective_at, updated_at)
         values ($1, $2, $3, $4)
         on conflict (only_row) do update
            set required_for_realm_roles = excluded.required_for_realm_roles, grace_hours = excluded.grace_hours,
                effective_at = excluded.effective_at, updated_at = excluded.updated_at",
    )
    .bind(&policy.required_for_realm_roles)
    .bind(policy.grace_hours)
    .bind(policy.effective_at)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}
