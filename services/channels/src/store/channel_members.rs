//! Who is in a channel.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::page::{PageLimit, TableQuery};
use colink_core::role::{ChannelKind, ChannelRole};
use colink_core::time::Timestamp;
use colink_events::channels::ChannelMemberPayload;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use uuid::Uuid;

use super::channels::Channel;
use super::columns;
use super::users::Profile;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// An active membership, or one that ended just now.
#[derive(Debug, Clone)]
pub(crate) struct ChannelMember {
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) user_id: UserId,
    pub(crate) role: ChannelRole,
    pub(crate) version: i64,
    pub(crate) joined_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl FromRow<'_, PgRow> for ChannelMember {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            channel_id: columns::id(row, "channel_id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            user_id: columns::id(row, "user_id")?,
            role: columns::word(row, "role")?,
            version: row.try_get("version")?,
            joined_at: columns::time(row, "joined_at")?,
            updated_at: columns::time(row, "updated_at")?,
        })
    }
}

impl ChannelMember {
    /// What events say of it; `by` is whoever did it, the member himself or another.
    pub(crate) fn payload(&self, kind: ChannelKind, by: UserId) -> ChannelMemberPayload {
        ChannelMemberPayload {
            channel_id: self.channel_id,
            workspace_id: self.workspace_id,
            kind,
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
pub(crate) struct NamedChannelMember {
    pub(crate) member: ChannelMember,
    pub(crate) profile: Profile,
}

impl FromRow<'_, PgRow> for NamedChannelMember {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self { member: ChannelMember::from_row(row)?, profile: Profile::from_row(row)? })
    }
}

/// A membership that ended, with the kind of its channel.
#[derive(Debug)]
pub(crate) struct EndedMember {
    pub(crate) member: ChannelMember,
    pub(crate) kind: ChannelKind,
}

impl FromRow<'_, PgRow> for EndedMember {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self { member: ChannelMember::from_row(row)?, kind: columns::word(row, "kind")? })
    }
}

/// Makes the user a member; none when he is one.
pub(crate) async fn activate(
    executor: impl PgExecutor<'_>,
    channel: &Channel,
    user: UserId,
    role: ChannelRole,
    at: Timestamp,
) -> Result<Option<ChannelMember>> {
    sqlx::query_as(
        "insert into channel_members as m (channel_id, user_id, workspace_id, role, joined_at, updated_at)
         values ($1, $2, $3, $4, $5, $5)
         on conflict (channel_id, user_id) do update
            set role = excluded.role, active = true, version = m.version + 1,
                joined_at = excluded.joined_at, updated_at = excluded.updated_at
          where not m.active
         returning *",
    )
    .bind(channel.id.as_uuid())
    .bind(user.as_uuid())
    .bind(channel.workspace_id.as_uuid())
    .bind(role.as_str())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// Gives an active member another role; none when he is no member any more.
pub(crate) async fn update_role(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    user: UserId,
    role: ChannelRole,
    at: Timestamp,
) -> Result<Option<ChannelMember>> {
    sqlx::query_as(
        "update channel_members set role = $3, version = version + 1, updated_at = $4
          where channel_id = $1 and user_id = $2 and active
         returning *",
    )
    .bind(channel.as_uuid())
    .bind(user.as_uuid())
    .bind(role.as_str())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// Ends an active membership; none when there is none any more.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    user: UserId,
    at: Timestamp,
) -> Result<Option<ChannelMember>> {
    sqlx::query_as(
        "update channel_members set active = false, version = version + 1, updated_at = $3
          where channel_id = $1 and user_id = $2 and active
         returning *",
    )
    .bind(channel.as_uuid())
    .bind(user.as_uuid())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// Ends all of a user's memberships in a workspace.
pub(crate) async fn end_all(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    at: Timestamp,
) -> Result<Vec<EndedMember>> {
    sqlx::query_as(
        "update channel_members m set active = false, version = m.version + 1, updated_at = $3
           from channels c
          where c.id = m.channel_id and m.user_id = $2 and m.workspace_id = $1 and m.active
         returning m.*, c.kind",
    )
    .bind(workspace.as_uuid())
    .bind(user.as_uuid())
    .bind(at.as_datetime())
    .fetch_all(executor)
    .await
}

/// An active membership.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<NamedChannelMember>> {
    sqlx::query_as(
        "select m.*, u.username, u.display_name, u.avatar_url, u.bot
           from channel_members m left join users u on u.id = m.user_id
          where m.channel_id = $1 and m.user_id = $2 and m.active",
    )
    .bind(channel.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(executor)
    .await
}

macro_rules! listed {
    ($columns:literal, $order:literal) => {
        concat!(
            "select ",
            $columns,
            " from channel_members m left join users u on u.id = m.user_id
              where m.channel_id = $1 and m.active
                and ($2::text is null or u.username ilike $2 or u.display_name ilike $2) ",
            $order
        )
    };
}

/// Members with their profiles, the longest joined first; `pattern` is of the username or display name.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    pattern: Option<&str>,
    page: TableQuery,
) -> Result<Vec<NamedChannelMember>> {
    sqlx::query_as(listed!(
        "m.*, u.username, u.display_name, u.avatar_url, u.bot",
        "order by m.joined_at, m.user_id limit $3 offset $4"
    ))
    .bind(channel.as_uuid())
    .bind(pattern)
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(executor)
    .await
}

/// How many those are.
pub(crate) async fn count_listed(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    pattern: Option<&str>,
) -> Result<i64> {
    sqlx::query_scalar(listed!("count(*)", ""))
        .bind(channel.as_uuid())
        .bind(pattern)
        .fetch_one(executor)
        .await
}

/// The ids of members behind `after`, in the order of the ids.
pub(crate) async fn list_ids(
    executor: impl PgExecutor<'_>,
    channel: ChannelId,
    after: Option<UserId>,
    limit: PageLimit,
) -> Result<Vec<UserId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select user_id from channel_members
          where channel_id = $1 and active and ($2::uuid is null or user_id > $2)
          order by user_id limit $3",
    )
    .bind(channel.as_uuid())
    .bind(after.map(UserId::as_uuid))
    .bind(limit.fetch())
    .fetch_all(executor)
    .await?;
    Ok(ids.into_iter().map(UserId::from_uuid).collect())
}
