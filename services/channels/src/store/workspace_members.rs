//! Who is in a workspace.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use colink_events::channels::MemberPayload;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};

use super::columns;
use super::users::Profile;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// An active membership, or one that ended just now.
#[derive(Debug, Clone)]
pub(crate) struct WorkspaceMember {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) user_id: UserId,
    pub(crate) role: WorkspaceRole,
    pub(crate) version: i64,
    pub(crate) joined_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl FromRow<'_, PgRow> for WorkspaceMember {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            workspace_id: columns::id(row, "workspace_id")?,
            user_id: columns::id(row, "user_id")?,
            role: columns::word(row, "role")?,
            version: row.try_get("version")?,
            joined_at: columns::time(row, "joined_at")?,
            updated_at: columns::time(row, "updated_at")?,
        })
    }
}

impl WorkspaceMember {
    /// What events say of it; `by` is whoever did it, the member himself or another.
    pub(crate) fn payload(&self, by: UserId) -> MemberPayload {
        MemberPayload {
            workspace_id: self.workspace_id,
            user_id: self.user_id,
            role: self.role,
            version: self.version,
            at: self.updated_at,
            by: (by != self.user_id).then_some(by),
        }
    }
}

/// A membership with the member's profile.
#[derive(Debug)]
pub(crate) struct NamedWorkspaceMember {
    pub(crate) member: WorkspaceMember,
    pub(crate) profile: Profile,
}

impl FromRow<'_, PgRow> for NamedWorkspaceMember {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self { member: WorkspaceMember::from_row(row)?, profile: Profile::from_row(row)? })
    }
}

/// How a membership ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By the member himself.
    Left,
    /// By somebody else.
    Removed,
}

impl Ending {
    fn status(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }
}

/// Makes the user an active member; none when he is one.
pub(crate) async fn activate(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: WorkspaceRole,
    at: Timestamp,
) -> Result<Option<WorkspaceMember>> {
    sqlx::query_as(
        "insert into workspace_members as m (workspace_id, user_id, role, status, joined_at, updated_at)
         values ($1, $2, $3, 'active', $4, $4)
         on conflict (workspace_id, user_id) do update
            set role = excluded.role, status = 'active', version = m.version + 1,
                joined_at = excluded.joined_at, updated_at = excluded.updated_at
          where m.status <> 'active'
         returning *",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .bind(role.as_str())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// Gives an active member another role.
pub(crate) async fn update_role(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: WorkspaceRole,
    at: Timestamp,
) -> Result<WorkspaceMember> {
    sqlx::query_as(
        "update workspace_members set role = $3, version = version + 1, updated_at = $4
          where workspace_id = $1 and user_id = $2 and status = 'active'
         returning *",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .bind(role.as_str())
    .bind(at.as_datetime())
    .fetch_one(executor)
    .await
}

/// Ends an active membership.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    ending: Ending,
    at: Timestamp,
) -> Result<WorkspaceMember> {
    sqlx::query_as(
        "update workspace_members set status = $3, version = version + 1, updated_at = $4
          where workspace_id = $1 and user_id = $2 and status = 'active'
         returning *",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .bind(ending.status())
    .bind(at.as_datetime())
    .fetch_one(executor)
    .await
}

/// An active membership.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<WorkspaceMember>> {
    sqlx::query_as(
        "select * from workspace_members where workspace_id = $1 and user_id = $2 and status = 'active'",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(executor)
    .await
}

/// An active membership with the member's profile.
pub(crate) async fn lookup_named(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<NamedWorkspaceMember>> {
    sqlx::query_as(
        "select m.*, u.username, u.display_name, u.avatar_url, u.bot
           from workspace_members m left join users u on u.id = m.user_id
          where m.workspace_id = $1 and m.user_id = $2 and m.status = 'active'",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(executor)
    .await
}

/// Those of `users` who are active members; none of these memberships can end until the transaction does.
pub(crate) async fn share(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    users: &[UserId],
) -> Result<Vec<WorkspaceMember>> {
    let users: Vec<_> = users.iter().map(|user| user.as_uuid()).collect();
    // In one order, so that two who share several cannot wait for each other.
    sqlx::query_as(
        "select * from workspace_members
          where workspace_id = $1 and user_id = any($2) and status = 'active'
          order by user_id for share",
    )
    .bind(workspace.as_uuid())
    .bind(users)
    .fetch_all(executor)
    .await
}

/// Who takes a workspace over from `owner`: the longest-standing admin, else the longest-standing member.
pub(crate) async fn find_heir(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    owner: UserId,
) -> Result<Option<WorkspaceMember>> {
    sqlx::query_as(
        "select * from workspace_members
          where workspace_id = $1 and user_id <> $2 and status = 'active'
          order by role = 'admin' desc, role = 'guest', joined_at, user_id
          limit 1",
    )
    .bind(workspace.as_uuid())
    .bind(owner.as_uuid())
    .fetch_optional(executor)
    .await
}

/// How many active members there are.
pub(crate) async fn count(executor: impl PgExecutor<'_>, workspace: WorkspaceId) -> Result<i64> {
    sqlx::query_scalar("select count(*) from workspace_members where workspace_id = $1 and status = 'active'")
        .bind(workspace.as_uuid())
        .fetch_one(executor)
        .await
}

/// How many of them are owners.
pub(crate) async fn count_owners(executor: impl PgExecutor<'_>, workspace: WorkspaceId) -> Result<i64> {
    sqlx::query_scalar(
        "select count(*) from workspace_members where workspace_id = $1 and status = 'active' and role = 'owner'",
    )
    .bind(workspace.as_uuid())
    .fetch_one(executor)
    .await
}

/// Which members are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberFilter<'a> {
    pub(crate) workspace: WorkspaceId,
    /// A pattern of the username or display name.
    pub(crate) pattern: Option<&'a str>,
    pub(crate) role: Option<WorkspaceRole>,
}

macro_rules! listed {
    ($columns:literal, $order:literal) => {
        concat!(
            "select ",
            $columns,
            " from workspace_members m left join users u on u.id = m.user_id
              where m.workspace_id = $1 and m.status = 'active'
                and ($2::text is null or u.username ilike $2 or u.display_name ilike $2)
                and ($3::text is null or m.role = $3) ",
            $order
        )
    };
}

/// Active members with their profiles, the longest joined first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: MemberFilter<'_>,
    page: TableQuery,
) -> Result<Vec<NamedWorkspaceMember>> {
    sqlx::query_as(listed!(
        "m.*, u.username, u.display_name, u.avatar_url, u.bot",
        "order by m.joined_at, m.user_id limit $4 offset $5"
    ))
    .bind(filter.workspace.as_uuid())
    .bind(filter.pattern)
    .bind(filter.role.map(WorkspaceRole::as_str))
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(executor)
    .await
}

/// How many those are.
pub(crate) async fn count_listed(executor: impl PgExecutor<'_>, filter: MemberFilter<'_>) -> Result<i64> {
    sqlx::query_scalar(listed!("count(*)", ""))
        .bind(filter.workspace.as_uuid())
        .bind(filter.pattern)
        .bind(filter.role.map(WorkspaceRole::as_str))
        .fetch_one(executor)
        .await
}
