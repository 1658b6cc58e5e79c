//! Identity providers that workspaces brought along.

use chrono::{DateTime, Utc};
use colink_core::id::WorkspaceId;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::sealed::SealedColumn;

/// The clients' secrets.
pub(crate) const SEALED: SealedColumn =
    SealedColumn { table: "oidc_providers", key: "id", key_type: "uuid", column: "sealed_client_secret" };

/// A provider as it is stored.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct StoredProvider {
    pub(crate) id: Uuid,
    workspace_id: Uuid,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) sealed_client_secret: Vec<u8>,
    pub(crate) scopes: Vec<String>,
    pub(crate) allowed_domains: Vec<String>,
    pub(crate) jit: bool,
    pub(crate) trusts_email: bool,
    pub(crate) link_by_address: bool,
    pub(crate) trust_mfa: bool,
    pub(crate) mfa_acr: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

impl StoredProvider {
    /// Whose it is.
    pub(crate) fn workspace_id(&self) -> WorkspaceId {
        WorkspaceId::from_uuid(self.workspace_id)
    }

    /// Whether its word counts beyond its workspace.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusts_email || self.link_by_address || self.trust_mfa
    }
}

/// What a provider is to be.
#[derive(Debug)]
pub(crate) struct NewProvider<'a> {
    pub(crate) id: Uuid,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: &'a str,
    pub(crate) name: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// None keeps the one that is stored.
    pub(crate) sealed_client_secret: Option<&'a [u8]>,
    pub(crate) scopes: &'a [String],
    pub(crate) allowed_domains: &'a [String],
    pub(crate) jit: bool,
    pub(crate) trusts_email: bool,
    pub(crate) link_by_address: bool,
    pub(crate) trust_mfa: bool,
    pub(crate) mfa_acr: &'a [String],
    pub(crate) now: DateTime<Utc>,
}

/// Holds the workspace's list until the transaction ends, so that its cap holds and nothing is added to it after the end of
/// the workspace.
pub(crate) async fn lock_list(connection: &mut PgConnection, workspace: WorkspaceId) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1::text, 20261122))")
        .bind(workspace.as_uuid())
        .execute(connection)
        .await
        .map(drop)
}

/// The provider with this id.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>, id: Uuid) -> sqlx::Result<Option<StoredProvider>> {
    sqlx::query_as("select * from oidc_providers where id = $1").bind(id).fetch_optional(executor).await
}

/// The workspace's provider with this id, locked until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    id: Uuid,
) -> sqlx::Result<Option<StoredProvider>> {
    sqlx::query_as("select * from oidc_providers where id = $1 and workspace_id = $2 for update")
        .bind(id)
        .bind(workspace.as_uuid())
        .fetch_optional(connection)
        .await
}

/// Keeps the provider from being deleted until the transaction ends; `false` when it was.
pub(crate) async fn hold(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<bool> {
    let held = sqlx::query("select from oidc_providers where id = $1 for key share");
    Ok(held.bind(id).fetch_optional(connection).await?.is_some())
}

/// The workspace's providers, oldest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
) -> sqlx::Result<Vec<StoredProvider>> {
    sqlx::query_as("select * from oidc_providers where workspace_id = $1 order by created_at, id")
        .bind(workspace.as_uuid())
        .fetch_all(executor)
        .await
}

/// Writes a provider, new or changed.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    new: &NewProvider<'_>,
) -> sqlx::Result<StoredProvider> {
    sqlx::query_as(
        "insert into oidc_providers as p
                (id, workspace_id, kind, name, issuer, client_id, sealed_client_secret, scopes, allowed_domains,
                 jit, trusts_email, link_by_address, trust_mfa, mfa_acr, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, coalesce($7, ''), $8, $9, $10, $11, $12, $13, $14, $15, $15)
         on conflict (id) do update
            set kind = excluded.kind, name = excluded.name, issuer = excluded.issuer,
                client_id = excluded.client_id, sealed_client_secret = coalesce($7, p.sealed_client_secret),
                scopes = excluded.scopes, allowed_domains = excluded.allowed_domains, jit = excluded.jit,
                trusts_email = excluded.trusts_email, link_by_address = excluded.link_by_address,
                trust_mfa = excluded.trust_mfa, mfa_acr = excluded.mfa_acr, updated_at = excluded.updated_at
         returning *",
    )
    .bind(new.id)
    .bind(new.workspace_id.as_uuid())
    .bind(new.kind)
    .bind(new.name)
    .bind(new.issuer)
    .bind(new.client_id)
    .bind(new.sealed_client_secret)
    .bind(new.scopes)
    .bind(new.allowed_domains)
    .bind(new.jit)
    .bind(new.trusts_email)
    .bind(new.link_by_address)
    .bind(new.trust_mfa)
    .bind(new.mfa_acr)
    .bind(new.now)
    .fetch_one(connection)
    .await
}

/// Deletes a provider.
pub(crate) async fn delete(connection: &mut PgConnection, id: Uuid) -> sqlx::Result<()> {
    sqlx::query("delete from oidc_providers where id = $1").bind(id).execute(connection).await.map(drop)
}

/// How many providers the workspace has.
pub(crate) async fn count(connection: &mut PgConnection, workspace: WorkspaceId) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from oidc_providers where workspace_id = $1")
        .bind(workspace.as_uuid())
        .fetch_one(connection)
        .await
}
