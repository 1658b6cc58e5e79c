//! Invitations into a workspace.

use colink_core::id::{InviteId, UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

use super::columns;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// An invitation.
#[derive(Debug, Clone)]
pub(crate) struct Invite {
    pub(crate) id: InviteId,
    pub(crate) workspace_id: WorkspaceId,
    /// The normalised address of the only user who may accept.
    pub(crate) email: Option<String>,
    pub(crate) role: WorkspaceRole,
    pub(crate) max_uses: i32,
    pub(crate) uses: i32,
    pub(crate) created_by: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl FromRow<'_, PgRow> for Invite {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            id: columns::id(row, "id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            email: row.try_get("email")?,
            role: columns::word(row, "role")?,
            max_uses: row.try_get("max_uses")?,
            uses: row.try_get("uses")?,
            created_by: columns::id(row, "created_by")?,
            created_at: columns::time(row, "created_at")?,
            expires_at: columns::time(row, "expires_at")?,
        })
    }
}

/// Keeps an invitation.
pub(crate) async fn insert(executor: impl PgExecutor<'_>, invite: &Invite, token_hash: &[u8]) -> Result<()> {
    sqlx::query(
        "insert into invites
                (id, workspace_id, token_hash, email, role, max_uses, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(invite.id.as_uuid())
    .bind(invite.workspace_id.as_uuid())
    .bind(token_hash)
    .bind(&invite.email)
    .bind(invite.role.as_str())
    .bind(invite.max_uses)
    .bind(invite.created_by.as_uuid())
    .bind(invite.created_at.as_datetime())
    .bind(invite.expires_at.as_datetime())
    .execute(executor)
    .await?;
    Ok(())
}

/// The invitation of a token, used up or over or not, unless it was withdrawn or its workspace deleted.
pub(crate) async fn find(executor: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<Invite>> {
    sqlx::query_as(
        "select i.* from invites i join workspaces w on w.id = i.workspace_id
          where i.token_hash = $1 and i.revoked_at is null and w.deleted_at is null",
    )
    .bind(token_hash)
    .fetch_optional(executor)
    .await
}

/// Takes one use; false when there is none left, or it is over or withdrawn.
pub(crate) async fn take_use(executor: impl PgExecutor<'_>, id: InviteId, now: Timestamp) -> Result<bool> {
    let taken = sqlx::query(
        "update invites set uses = uses + 1
          where id = $1 and uses < max_uses and expires_at > $2 and revoked_at is null",
    )
    .bind(id.as_uuid())
    .bind(now.as_datetime())
    .execute(executor)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Withdraws an invitation; false when there is none.
pub(crate) async fn delete(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    id: InviteId,
    now: Timestamp,
) -> Result<bool> {
    let revoked = sqlx::query(
        "update invites set revoked_at = $3 where workspace_id = $1 and id = $2 and revoked_at is null",
    )
    .bind(workspace.as_uuid())
    .bind(id.as_uuid())
    .bind(now.as_datetime())
    .execute(executor)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Withdraws all of one user's invitations into a workspace.
pub(crate) async fn delete_all(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    created_by: UserId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query(
        "update invites set revoked_at = $3
          where workspace_id = $1 and created_by = $2 and revoked_at is null",
    )
    .bind(workspace.as_uuid())
    .bind(created_by.as_uuid())
    .bind(now.as_datetime())
    .execute(executor)
    .await?;
    Ok(())
}

/// Deletes the invitations to the address with this hash, spent ones too: they are the only place where it stands.
pub(crate) async fn delete_by_email_hash(executor: impl PgExecutor<'_>, hash: &[u8]) -> Result<()> {
    sqlx::query("delete from invites where email is not null and sha256(email::bytea) = $1")
        .bind(hash)
        .execute(executor)
        .await?;
    Ok(())
}

/// The invitations that can still be accepted, the latest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    now: Timestamp,
    page: TableQuery,
) -> Result<Vec<Invite>> {
    sqlx::query_as(
        "select * from invites
          where workspace_id = $1 and revoked_at is null and uses < max_uses and expires_at > $2
          order by created_at desc, id desc limit $3 offset $4",
    )
    .bind(workspace.as_uuid())
    .bind(now.as_datetime())
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(executor)
    .await
}

/// How many those are.
pub(crate) async fn count(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<i64> {
    sqlx::query_scalar(
        "select count(*) from invites
          where workspace_id = $1 and revoked_at is null and uses < max_uses and expires_at > $2",
    )
    .bind(workspace.as_uuid())
    .bind(now.as_datetime())
    .fetch_one(executor)
    .await
}
