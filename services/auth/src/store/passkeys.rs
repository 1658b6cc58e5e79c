//! Passkeys.

use chrono::{DateTime, Utc};
use colink_core::id::{PasskeyId, UserId};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;
use webauthn_rs_core::proto::COSEKey;

use crate::passkeys::Assertion;

/// A registered passkey.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Passkey {
    id: Uuid,
    user_id: Uuid,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: Json<COSEKey>,
    pub(crate) sign_count: i64,
    pub(crate) name: String,
    pub(crate) transports: Vec<String>,
    pub(crate) user_verified: bool,
    pub(crate) discoverable: Option<bool>,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

impl Passkey {
    /// Its id.
    pub(crate) fn id(&self) -> PasskeyId {
        PasskeyId::from_uuid(self.id)
    }

    /// Whose it is.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }

    /// Whether its owner can sign in with it and nothing else.
    pub(crate) fn is_passwordless(&self) -> bool {
        self.user_verified && self.discoverable != Some(false)
    }
}

/// What registration found out about a passkey.
#[derive(Debug)]
pub(crate) struct Traits {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: Json<COSEKey>,
    pub(crate) sign_count: i64,
    pub(crate) transports: Vec<String>,
    pub(crate) user_verified: bool,
    pub(crate) discoverable: Option<bool>,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

/// Keeps a new passkey; `None` when somebody has registered its credential already.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: PasskeyId,
    user_id: UserId,
    name: &str,
    traits: &Traits,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Passkey>> {
    sqlx::query_as(
        "insert into passkeys (id, user_id, credential_id, public_key, sign_count, name, transports, user_verified,
                               discoverable, backup_eligible, backed_up, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (credential_id) do nothing
         returning *",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(&traits.credential_id)
    .bind(&traits.public_key)
    .bind(traits.sign_count)
    .bind(name)
    .bind(&traits.transports)
    .bind(traits.user_verified)
    .bind(traits.discoverable)
    .bind(traits.backup_eligible)
    .bind(traits.backed_up)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// The user's passkeys, newest first; there are never more than the cap.
pub(crate) async fn list(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<Vec<Passkey>> {
    sqlx::query_as("select * from passkeys where user_id = $1 order by created_at desc, id desc")
        .bind(user_id.as_uuid())
        .fetch_all(executor)
        .await
}

/// The passkey with this credential, locked until the transaction ends.
pub(crate) async fn lock_by_credential(
    connection: &mut PgConnection,
    credential_id: &[u8],
) -> sqlx::Result<Option<Passkey>> {
    sqlx::query_as("select * from passkeys where credential_id = $1 for update")
        .bind(credential_id)
        .fetch_optional(connection)
        .await
}

/// Whether the user has it still.
pub(crate) async fn is_registered(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    id: PasskeyId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from passkeys where id = $1 and user_id = $2)")
        .bind(id.as_uuid())
        .bind(user_id.as_uuid())
        .fetch_one(executor)
        .await
}

/// How many the user has.
pub(crate) async fn count(executor: impl PgExecutor<'_>, user_id: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from passkeys where user_id = $1")
        .bind(user_id.as_uuid())
        .fetch_one(executor)
        .await
}

/// It was used; a passkey that verified its user once must do so from then on.
pub(crate) async fn update_used(
    connection: &mut PgConnection,
    id: PasskeyId,
    proven: &Assertion,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update passkeys
            set sign_count = $2, user_verified = user_verified or $3, backup_eligible = $4, backed_up = $5,
                last_used_at = $6
          where id = $1",
    )
    .bind(id.as_uuid())
    .bind(i64::from(proven.sign_count))
    .bind(proven.user_verified)
    .bind(proven.backup_eligible)
    .bind(proven.backed_up)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Names a passkey of the user; `None` when he has no such one.
pub(crate) async fn update_name(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    id: PasskeyId,
    name: &str,
) -> sqlx::Result<Option<Passkey>> {
    sqlx::query_as("update passkeys set name = $3 where id = $1 and user_id = $2 returning *")
        .bind(id.as_uuid())
        .bind(user_id.as_uuid())
        .bind(name)
        .fetch_optional(executor)
        .await
}

/// Forgets a passkey of the user; `None` when he has no such one.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: UserId,
    id: PasskeyId,
) -> sqlx::Result<Option<Passkey>> {
    sqlx::query_as("delete from passkeys where id = $1 and user_id = $2 returning *")
        .bind(id.as_uuid())
        .bind(user_id.as_uuid())
        .fetch_optional(connection)
        .await
}

/// Forgets every passkey of the user, and says which.
pub(crate) async fn delete_all(
    connection: &mut PgConnection,
    user_id: UserId,
) -> sqlx::Result<Vec<PasskeyId>> {
    let deleted: Vec<Uuid> = sqlx::query_scalar("delete from passkeys where user_id = $1 returning id")
        .bind(user_id.as_uuid())
        .fetch_all(connection)
        .await?;
    Ok(deleted.into_iter().map(PasskeyId::from_uuid).collect())
}
