//! The session that the access tokens of one identity share while they come through the gateway.

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// A session of an identity.
#[derive(Debug, FromRow)]
pub(crate) struct ProviderSession {
    session_id: Uuid,
    user_id: Uuid,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    not_before: Option<DateTime<Utc>>,
}

impl ProviderSession {
    /// Its id.
    pub(crate) fn session_id(&self) -> SessionId {
        SessionId::from_uuid(self.session_id)
    }

    /// Tokens that were made until then do not count.
    pub(crate) fn not_before(&self) -> Option<DateTime<Utc>> {
        self.revoked_at.or(self.not_before)
    }

    /// Whose it is.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }
}

/// The latest session of an identity, also when it is over.
pub(crate) async fn find(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
) -> sqlx::Result<Option<ProviderSession>> {
    sqlx::query_as(
        "select p.session_id, s.user_id, s.expires_at, s.revoked_at, p.not_before
           from provider_sessions p join sessions s on s.id = p.session_id
          where p.provider = $1 and p.subject = $2",
    )
    .bind(provider)
    .bind(subject)
    .fetch_optional(connection)
    .await
}

/// Another session takes the place of the latest.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    provider: &str,
    subject: &str,
    session_id: SessionId,
    not_before: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into provider_sessions (provider, subject, session_id, not_before) values ($1, $2, $3, $4)
         on conflict (provider, subject) do update
            set session_id = excluded.session_id, not_before = excluded.not_before",
    )
    .bind(provider)
    .bind(subject)
    .bind(session_id.as_uuid())
    .bind(not_before)
    .execute(connection)
    .await
    .map(drop)
}
