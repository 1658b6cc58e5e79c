//! The secrets of API keys.

use chrono::{DateTime, NaiveDate, Utc};
use colink_core::id::{ApiKeyId, SessionId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

/// A secret that may still be used.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Secret {
    id: Uuid,
    api_key_id: Uuid,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) superseded_at: Option<DateTime<Utc>>,
}

impl Secret {
    /// Its public part.
    pub(crate) fn id(&self) -> SessionId {
        SessionId::from_uuid(self.id)
    }

    /// Its key.
    pub(crate) fn api_key_id(&self) -> ApiKeyId {
        ApiKeyId::from_uuid(self.api_key_id)
    }
}

/// A secret with its key, for whoever presents it.
#[derive(Debug, FromRow)]
pub(crate) struct Presented {
    api_key_id: Uuid,
    user_id: Uuid,
    answerable_id: Uuid,
    /// The roles of who answers for the holder, and since when he has his account.
    pub(crate) answerable_roles: Vec<String>,
    pub(crate) answerable_since: DateTime<Utc>,
    pub(crate) hash: Vec<u8>,
    pub(crate) scopes: Vec<String>,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) realm_roles: Vec<String>,
    /// The account is not open, or for a bot its owner's is not: a bot is no way around the end of an account.
    pub(crate) closed: bool,
    /// When secret or key end, whichever is first.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Somebody ended the secret or the key.
    pub(crate) ended: bool,
    pub(crate) last_used_on: Option<NaiveDate>,
    /// When the key was last used from the network that was asked about.
    pub(crate) network_used_on: Option<NaiveDate>,
}

impl Presented {
    /// The key.
    pub(crate) fn api_key_id(&self) -> ApiKeyId {
        ApiKeyId::from_uuid(self.api_key_id)
    }

    /// Whose key it is.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }

    /// Who answers for the holder: of a bot its owner, otherwise he himself.
    pub(crate) fn answerable_id(&self) -> UserId {
        UserId::from_uuid(self.answerable_id)
    }
}

/// Gives a key a secret.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: SessionId,
    api_key_id: ApiKeyId,
    hash: &[u8; 32],
    now: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into api_key_secrets (id, api_key_id, hash, created_at, expires_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(id.as_uuid())
    .bind(api_key_id.as_uuid())
    .bind(hash.as_slice())
    .bind(now)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// The secret with this public part, over or not, and when its key was last used from `network`.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    id: SessionId,
    network: &str,
) -> sqlx::Result<Option<Presented>> {
    sqlx::query_as(
        "select k.id as api_key_id, k.user_id, s.hash, k.scopes, least(s.expires_at, k.expires_at) as expires_at,
                s.ended_at is not null or k.revoked_at is not null as ended, k.last_used_on,
                n.last_used_on as network_used_on, u.username, u.display_name, u.realm_roles,
                o.id as answerable_id, o.realm_roles as answerable_roles, o.created_at as answerable_since,
                (u.kind = 'bot' and b.user_id is null) or exists (select from users a
                         where a.id in (u.id, b.owner_id)
                           and (a.suspended_at is not null or a.deactivated_at is not null
                                or a.erased_at is not null or a.email_verified_at is null)) as closed
           from api_key_secrets s
           join api_keys k on k.id = s.api_key_id
           join users u on u.id = k.user_id
           left join bots b on b.user_id = u.id
           join users o on o.id = coalesce(b.owner_id, u.id)
           left join api_key_networks n on n.api_key_id = k.id and n.network = $2
          where s.id = $1",
    )
    .bind(id.as_uuid())
    .bind(network)
    .fetch_optional(executor)
    .await
}

/// The secrets of these keys that may still be used, the newest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    api_keys: &[ApiKeyId],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Secret>> {
    let ids: Vec<Uuid> = api_keys.iter().map(|id| id.as_uuid()).collect();
    sqlx::query_as(
        "select id, api_key_id, created_at, expires_at, superseded_at
           from api_key_secrets
          where api_key_id = any($1) and ended_at is null and (expires_at is null or expires_at > $2)
          order by superseded_at is not null, created_at desc, id desc",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(executor)
    .await
}

/// A secret was replaced and goes on until then, or until its own end if that is earlier.
pub(crate) async fn update_superseded(
    connection: &mut PgConnection,
    id: SessionId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update api_key_secrets set superseded_at = $2, expires_at = least(expires_at, $3) where id = $1",
    )
    .bind(id.as_uuid())
    .bind(now)
    .bind(until)
    .execute(connection)
    .await
    .map(drop)
}

/// Ends the secrets of these keys that go on, and says which.
pub(crate) async fn update_ended(
    connection: &mut PgConnection,
    api_keys: &[ApiKeyId],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<SessionId>> {
    let ids: Vec<Uuid> = api_keys.iter().map(|id| id.as_uuid()).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "update api_key_secrets set ended_at = $2 where api_key_id = any($1) and ended_at is null returning id",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(SessionId::from_uuid).collect())
}

/// Ends up to `limit` secrets whose time has passed, and says which and whose. Replicas do not wait for one another.
pub(crate) async fn update_due_ended(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<(UserId, SessionId)>> {
    let ended: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "update api_key_secrets s set ended_at = $1
           from api_keys k
          where k.id = s.api_key_id
            and s.id in (select id from api_key_secrets
                          where ended_at is null and expires_at <= $1
                          order by expires_at limit $2
                            for update skip locked)
         returning k.user_id, s.id",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(|(user, id)| (user.into(), id.into())).collect())
}
