//! Members whom a workspace's identity provider brought.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use sqlx::PgExecutor;

use super::workspace_members::WorkspaceMember;

/// Makes somebody a member who never was one; none when he is or was.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    at: Timestamp,
) -> sqlx::Result<Option<WorkspaceMember>> {
    sqlx::query_as(
        "insert into workspace_members (workspace_id, user_id, role, status, joined_at, updated_at)
         values ($1, $2, $3, 'active', $4, $4)
         on conflict (workspace_id, user_id) do nothing
         returning *",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .bind(WorkspaceRole::Member.as_str())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}
