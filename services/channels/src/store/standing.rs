//! What other services ask about a user: where he stands, and which channels may concern him.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

use super::columns;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A user's standing in a channel. Versions are of the rows and are there for memberships that ended, too; 0 when there
/// never was one.
#[derive(Debug, Serialize)]
pub(crate) struct ChannelStanding {
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: ChannelKind,
    pub(crate) archived: bool,
    pub(crate) workspace_role: Option<WorkspaceRole>,
    pub(crate) channel_role: Option<ChannelRole>,
    pub(crate) channel_version: i64,
    pub(crate) member_version: i64,
    pub(crate) workspace_member_version: i64,
    /// The workspace is closed to sessions that were not proven by a second factor.
    pub(crate) require_mfa: bool,
}

impl FromRow<'_, PgRow> for ChannelStanding {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            channel_id: columns::id(row, "channel_id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            kind: columns::word(row, "kind")?,
            archived: row.try_get("archived")?,
            workspace_role: columns::optional_word(row, "workspace_role")?,
            channel_role: columns::optional_word(row, "channel_role")?,
            channel_version: row.try_get("channel_version")?,
            member_version: row.try_get("member_version")?,
            workspace_member_version: row.try_get("workspace_member_version")?,
            require_mfa: row.try_get("require_mfa")?,
        })
    }
}

/// The standing of a user in a channel of a workspace that is not deleted.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<ChannelStanding>> {
    sqlx::query_as(
        "select c.id as channel_id, c.workspace_id, c.kind, c.archived_at is not null as archived,
                case when s.status = 'active' then s.role end as workspace_role,
                case when m.active then m.role end as channel_role,
                c.version as channel_version, coalesce(m.version, 0) as member_version,
                coalesce(s.version, 0) as workspace_member_version, w.require_mfa
           from channels c
           join workspaces w on w.id = c.workspace_id and w.deleted_at is null
           left join workspace_members s on s.workspace_id = c.workspace_id and s.user_id = $2
           left join channel_members m on m.channel_id = c.id and m.user_id = $2
          where c.id = $1",
    )
    .bind(channel.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(executor)
    .await
}

/// A channel that a user is in, or that is public in a workspace of his.
#[derive(Debug)]
pub(crate) struct NearChannel {
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: ChannelKind,
    pub(crate) archived: bool,
    pub(crate) workspace_role: WorkspaceRole,
    pub(crate) channel_role: Option<ChannelRole>,
    /// The workspace is closed to sessions that were not proven by a second factor.
    pub(crate) require_mfa: bool,
}

impl FromRow<'_, PgRow> for NearChannel {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            channel_id: columns::id(row, "channel_id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            kind: columns::word(row, "kind")?,
            archived: row.try_get("archived")?,
            workspace_role: columns::word(row, "workspace_role")?,
            channel_role: columns::optional_word(row, "channel_role")?,
            require_mfa: row.try_get("require_mfa")?,
        })
    }
}

/// Public channels by their workspace, the others by the user's memberships: together they would be found by no index.
const NEAR: &str = "
    with seats as (
        select s.workspace_id, s.role, w.require_mfa
          from workspace_members s
          join workspaces w on w.id = s.workspace_id and w.deleted_at is null
         where s.user_id = $1 and s.status = 'active' and ($2::uuid is null or s.workspace_id = $2)
    )
    select c.id as channel_id, c.workspace_id, c.kind, c.archived_at is not null as archived,
           s.role as workspace_role, m.role as channel_role, s.require_mfa
      from seats s
      join channels c on c.workspace_id = s.workspace_id and c.kind = 'public'
      left join channel_members m on m.channel_id = c.id and m.user_id = $1 and m.active
    union all
    select c.id, c.workspace_id, c.kind, c.archived_at is not null, s.role, m.role, s.require_mfa
      from seats s
      join channel_members m on m.user_id = $1 and m.workspace_id = s.workspace_id and m.active
      join channels c on c.id = m.channel_id and c.kind <> 'public'";

/// The channels near a user, in one workspace or in all of his.
pub(crate) async fn list_near(
    executor: impl PgExecutor<'_>,
    user: UserId,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<NearChannel>> {
    sqlx::query_as(NEAR)
        .bind(user.as_uuid())
        .bind(workspace.map(WorkspaceId::as_uuid))
        .fetch_all(executor)
        .await
}

#[cfg(test)]
mod tests;
