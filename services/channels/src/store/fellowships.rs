//! A user's memberships over all workspaces, as other services ask for them.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

use super::columns;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The most memberships of one user that are told; beyond any that was ever seen.
const MOST: i64 = 10_000;

/// A workspace of which a user is the only owner.
#[derive(Debug, Serialize)]
pub(crate) struct OwnedWorkspace {
    workspace_id: WorkspaceId,
    name: String,
    slug: String,
}

impl FromRow<'_, PgRow> for OwnedWorkspace {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            workspace_id: columns::id(row, "id")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
        })
    }
}

/// A membership in a workspace, perhaps an ended one.
#[derive(Debug, Serialize)]
pub(crate) struct WorkspaceStay {
    workspace_id: WorkspaceId,
    name: String,
    role: String,
    /// `active`, `left` or `removed`.
    status: String,
    joined_at: Timestamp,
}

impl FromRow<'_, PgRow> for WorkspaceStay {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            workspace_id: columns::id(row, "workspace_id")?,
            name: row.try_get("name")?,
            role: row.try_get("role")?,
            status: row.try_get("status")?,
            joined_at: columns::time(row, "joined_at")?,
        })
    }
}

/// A membership in a channel, perhaps an ended one. A direct conversation has no name.
#[derive(Debug, Serialize)]
pub(crate) struct ChannelStay {
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    kind: String,
    name: String,
    role: String,
    active: bool,
    joined_at: Timestamp,
}

impl FromRow<'_, PgRow> for ChannelStay {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            channel_id: columns::id(row, "channel_id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            kind: row.try_get("kind")?,
            name: row.try_get("name")?,
            role: row.try_get("role")?,
            active: row.try_get("active")?,
            joined_at: columns::time(row, "joined_at")?,
        })
    }
}

/// Whether all workspaces that are not deleted and in which two users are active members ask for a second factor; `None` when
/// there is no such workspace.
pub(crate) async fn find_shared(
    executor: impl PgExecutor<'_>,
    user: UserId,
    other: UserId,
) -> Result<Option<bool>> {
    sqlx::query_scalar(
        "select bool_and(w.require_mfa)
           from workspace_members a
           join workspace_members b
             on b.workspace_id = a.workspace_id and b.user_id = $2 and b.status = 'active'
           join workspaces w on w.id = a.workspace_id and w.deleted_at is null
          where a.user_id = $1 and a.status = 'active'",
    )
    .bind(user.as_uuid())
    .bind(other.as_uuid())
    .fetch_one(executor)
    .await
}

/// The workspaces with other members in which the user is the only owner.
pub(crate) async fn list_sole_ownerships(
    executor: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Vec<OwnedWorkspace>> {
    sqlx::query_as(
        "select w.id, w.name, w.slug
           from workspace_members m
           join workspaces w on w.id = m.workspace_id and w.deleted_at is null
          where m.user_id = $1 and m.status = 'active' and m.role = 'owner'
            and not exists (
                  select from workspace_members o
                   where o.workspace_id = m.workspace_id and o.user_id <> $1
                     and o.status = 'active' and o.role = 'owner')
            and exists (
                  select from workspace_members o
                   where o.workspace_id = m.workspace_id and o.user_id <> $1 and o.status = 'active')
          order by w.name, w.id
          limit $2",
    )
    .bind(user.as_uuid())
    .bind(MOST)
    .fetch_all(executor)
    .await
}

/// The workspaces, not deleted, of which the user is an active member.
pub(crate) async fn list_active(executor: impl PgExecutor<'_>, user: UserId) -> Result<Vec<WorkspaceId>> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select m.workspace_id
           from workspace_members m
           join workspaces w on w.id = m.workspace_id and w.deleted_at is null
          where m.user_id = $1 and m.status = 'active'
          order by m.workspace_id",
    )
    .bind(user.as_uuid())
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(WorkspaceId::from_uuid).collect())
}

/// Every workspace that the user is or was in, the first joined first.
pub(crate) async fn list_workspaces(
    executor: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Vec<WorkspaceStay>> {
    sqlx::query_as(
        "select m.workspace_id, w.name, m.role, m.status, m.joined_at
           from workspace_members m
           join workspaces w on w.id = m.workspace_id
          where m.user_id = $1
          order by m.joined_at, m.workspace_id
          limit $2",
    )
    .bind(user.as_uuid())
    .bind(MOST)
    .fetch_all(executor)
    .await
}

/// Every channel that the user is or was in, the first joined first.
pub(crate) async fn list_channels(executor: impl PgExecutor<'_>, user: UserId) -> Result<Vec<ChannelStay>> {
    sqlx::query_as(
        "select m.channel_id, m.workspace_id, c.kind, c.name, m.role, m.active, m.joined_at
           from channel_members m
           join channels c on c.id = m.channel_id
          where m.user_id = $1
          order by m.joined_at, m.channel_id
          limit $2",
    )
    .bind(user.as_uuid())
    .bind(MOST)
    .fetch_all(executor)
    .await
}
