//! Channels. Direct conversations are channels too; what is theirs alone is in [`super::dms`].

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::{Scopes, Standing};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_core::time::Timestamp;
use colink_events::channels::ChannelPayload;
use colink_store::postgres::PgErrorExt;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};

use super::columns;
use crate::error::Error;

type Result<T> = std::result::Result<T, sqlx::Error>;

macro_rules! channel_columns {
    () => {
        "c.id, c.workspace_id, c.kind, c.name, c.slug, c.topic, c.description, c.is_default, c.archived_at, \
         c.created_by, c.version, c.created_at, c.updated_at"
    };
}
pub(super) use channel_columns;

/// A channel.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) slug: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) is_default: bool,
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) created_by: UserId,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl FromRow<'_, PgRow> for Channel {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            id: columns::id(row, "id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            kind: columns::word(row, "kind")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
            topic: row.try_get("topic")?,
            description: row.try_get("description")?,
            is_default: row.try_get("is_default")?,
            archived_at: columns::optional_time(row, "archived_at")?,
            created_by: columns::id(row, "created_by")?,
            version: row.try_get("version")?,
            created_at: columns::time(row, "created_at")?,
            updated_at: columns::time(row, "updated_at")?,
        })
    }
}

impl Channel {
    /// What events say of it.
    pub(crate) fn payload(&self) -> ChannelPayload {
        ChannelPayload {
            id: self.id,
            workspace_id: self.workspace_id,
            kind: self.kind,
            name: self.name.clone(),
            slug: self.slug.clone().unwrap_or_default(),
            topic: self.topic.clone(),
            description: self.description.clone(),
            archived: self.archived_at.is_some(),
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// A channel with one user's place in it and in its workspace.
#[derive(Debug, Clone)]
pub(crate) struct SeatedChannel {
    pub(crate) channel: Channel,
    /// None when he is not an active member of the workspace.
    pub(crate) workspace_role: Option<WorkspaceRole>,
    /// None when he is not in the channel.
    pub(crate) role: Option<ChannelRole>,
    /// Of his membership in the channel; 0 when he has none.
    pub(crate) member_version: i64,
    /// The workspace is closed to sessions that were not proven by a second factor.
    pub(crate) require_mfa: bool,
}

impl FromRow<'_, PgRow> for SeatedChannel {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            channel: Channel::from_row(row)?,
            workspace_role: columns::optional_word(row, "workspace_role")?,
            role: columns::optional_word(row, "member_role")?,
            member_version: row.try_get::<Option<i64>, _>("member_version")?.unwrap_or(0),
            require_mfa: row.try_get("require_mfa")?,
        })
    }
}

impl SeatedChannel {
    /// The user's standing.
    pub(crate) fn standing(&self, realm_admin: bool, scopes: Scopes) -> Standing {
        Standing {
            realm_admin,
            workspace: self.workspace_role,
            channel: self.role,
            kind: self.channel.kind,
            archived: self.channel.archived_at.is_some(),
            scopes,
        }
    }
}

/// A channel of a workspace that is not deleted, with the user's place in it.
pub(crate) async fn find_seated(
    executor: impl PgExecutor<'_>,
    id: ChannelId,
    user: UserId,
) -> Result<Option<SeatedChannel>> {
    sqlx::query_as(concat!(
        "select ",
        channel_columns!(),
        ", s.role as workspace_role, m.role as member_role, m.version as member_version, w.require_mfa
           from channels c
           join workspaces w on w.id = c.workspace_id and w.deleted_at is null
           left join workspace_members s
             on s.workspace_id = c.workspace_id and s.user_id = $2 and s.status = 'active'
           left join channel_members m on m.channel_id = c.id and m.user_id = $2 and m.active
          where c.id = $1"
    ))
    .bind(id.as_uuid())
    .bind(user.as_uuid())
    .fetch_optional(executor)
    .await
}

/// The same, and locks the channel's row. Two statements: the place is read after the lock was had.
pub(crate) async fn lock_seated(
    connection: &mut PgConnection,
    id: ChannelId,
    user: UserId,
) -> Result<Option<SeatedChannel>> {
    sqlx::query("select 1 from channels where id = $1 for no key update")
        .bind(id.as_uuid())
        .execute(&mut *connection)
        .await?;
    find_seated(connection, id, user).await
}

/// A channel about to be created.
#[derive(Debug)]
pub(crate) struct NewChannel<'a> {
    pub(crate) id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: ChannelKind,
    pub(crate) name: &'a str,
    pub(crate) slug: &'a str,
    pub(crate) topic: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) is_default: bool,
    pub(crate) created_by: UserId,
    pub(crate) at: Timestamp,
}

/// Creates a channel; [`Error::Taken`] when another one of the workspace has the slug.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    new: NewChannel<'_>,
) -> std::result::Result<Channel, Error> {
    sqlx::query_as(concat!(
        "insert into channels as c
                (id, workspace_id, kind, name, slug, topic, description, is_default, created_by, created_at,
                 updated_at)
         values ($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), $8, $9, $10, $10)
         returning ",
        channel_columns!()
    ))
    .bind(new.id.as_uuid())
    .bind(new.workspace_id.as_uuid())
    .bind(new.kind.as_str())
    .bind(new.name)
    .bind(new.slug)
    .bind(new.topic)
    .bind(new.description)
    .bind(new.is_default)
    .bind(new.created_by.as_uuid())
    .bind(new.at.as_datetime())
    .fetch_one(executor)
    .await
    .on_constraint("channels_slug", || Error::Taken("name"))
}

/// What of a channel is to be changed; what is none stays, an empty topic or description goes.
#[derive(Debug, Default)]
pub(crate) struct ChannelUpdate<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) slug: Option<&'a str>,
    pub(crate) topic: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
}

/// Changes a channel; [`Error::Taken`] when another one of the workspace has the slug.
pub(crate) async fn update(
    executor: impl PgExecutor<'_>,
    id: ChannelId,
    update: &ChannelUpdate<'_>,
    at: Timestamp,
) -> std::result::Result<Channel, Error> {
    sqlx::query_as(concat!(
        "update channels c
            set name = coalesce($2, name), slug = coalesce($3, slug),
                topic = case when $4::text is null then topic else nullif($4, '') end,
                description = case when $5::text is null then description else nullif($5, '') end,
                version = version + 1, updated_at = $6
          where id = $1
         returning ",
        channel_columns!()
    ))
    .bind(id.as_uuid())
    .bind(update.name)
    .bind(update.slug)
    .bind(update.topic)
    .bind(update.description)
    .bind(at.as_datetime())
    .fetch_one(executor)
    .await
    .on_constraint("channels_slug", || Error::Taken("name"))
}

/// Archives a channel, or takes it out of the archive.
pub(crate) async fn update_archived(
    executor: impl PgExecutor<'_>,
    id: ChannelId,
    archived: bool,
    at: Timestamp,
) -> Result<Channel> {
    sqlx::query_as(concat!(
        "update channels c
            set archived_at = case when $2 then $3 end, version = version + 1, updated_at = $3
          where id = $1
         returning ",
        channel_columns!()
    ))
    .bind(id.as_uuid())
    .bind(archived)
    .bind(at.as_datetime())
    .fetch_one(executor)
    .await
}

/// The channels that everybody who joins the workspace is put into.
pub(crate) async fn list_default(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<Channel>> {
    sqlx::query_as(concat!(
        "select ",
        channel_columns!(),
        " from channels c where c.workspace_id = $1 and c.is_default and c.archived_at is null order by c.id"
    ))
    .bind(workspace.as_uuid())
    .fetch_all(executor)
    .await
}
