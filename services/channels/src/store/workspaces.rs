//! Workspaces.

use colink_core::id::{UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::role::WorkspaceRole;
use colink_core::time::Timestamp;
use colink_events::channels::WorkspacePayload;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};

use super::columns;

type Result<T> = std::result::Result<T, sqlx::Error>;

macro_rules! workspace_columns {
    () => {
        "w.id, w.name, w.slug, w.owner_id, w.plan, w.member_limit, w.features, w.require_mfa, w.version, \
         w.created_at, w.updated_at, w.deleted_at"
    };
}

/// A workspace.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) owner_id: UserId,
    pub(crate) plan: String,
    pub(crate) member_limit: Option<i64>,
    pub(crate) features: Vec<String>,
    /// It is closed to sessions that were not proven by a second factor.
    pub(crate) require_mfa: bool,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

impl FromRow<'_, PgRow> for Workspace {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            id: columns::id(row, "id")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
            owner_id: columns::id(row, "owner_id")?,
            plan: row.try_get("plan")?,
            member_limit: row.try_get("member_limit")?,
            features: row.try_get("features")?,
            require_mfa: row.try_get("require_mfa")?,
            version: row.try_get("version")?,
            created_at: columns::time(row, "created_at")?,
            updated_at: columns::time(row, "updated_at")?,
            deleted_at: columns::optional_time(row, "deleted_at")?,
        })
    }
}

impl Workspace {
    /// What events say of it.
    pub(crate) fn payload(&self) -> WorkspacePayload {
        WorkspacePayload {
            id: self.id,
            name: self.name.clone(),
            slug: self.slug.clone(),
            owner_id: self.owner_id,
            plan: self.plan.clone(),
            member_limit: self.member_limit,
            require_mfa: self.require_mfa,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
        }
    }
}

/// A workspace with one user's place in it.
#[derive(Debug, Clone)]
pub(crate) struct SeatedWorkspace {
    pub(crate) workspace: Workspace,
    /// None when he is not an active member.
    pub(crate) role: Option<WorkspaceRole>,
    /// Of his membership; 0 when he has none.
    pub(crate) member_version: i64,
}

impl FromRow<'_, PgRow> for SeatedWorkspace {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            workspace: Workspace::from_row(row)?,
            role: columns::optional_word(row, "member_role")?,
            member_version: row.try_get::<Option<i64>, _>("member_version")?.unwrap_or(0),
        })
    }
}

macro_rules! seated {
    ($rest:literal) => {
        concat!(
            "select ",
            workspace_columns!(),
            ", m.role as member_role, m.version as member_version
               from workspaces w
               left join workspace_members m
                 on m.workspace_id = w.id and m.user_id = $2 and m.status = 'active'
              where w.id = $1 and w.deleted_at is null ",
            $rest
        )
    };
}

/// A workspace that is not deleted, with the user's place in it.
pub(crate) async fn find_seated(
    executor: impl PgExecutor<'_>,
    id: WorkspaceId,
    user: UserId,
) -> Result<Option<SeatedWorkspace>> {
    sqlx::query_as(seated!("")).bind(id.as_uuid()).bind(user.as_uuid()).fetch_optional(executor).await
}

/// The same, and locks the workspace's row; foreign keys to it may still be checked. Two statements: the place is read
/// after the lock was had, so that it is of now.
pub(crate) async fn lock_seated(
    connection: &mut PgConnection,
    id: WorkspaceId,
    user: UserId,
) -> Result<Option<SeatedWorkspace>> {
    sqlx::query("select 1 from workspaces where id = $1 for no key update")
        .bind(id.as_uuid())
        .execute(&mut *connection)
        .await?;
    find_seated(connection, id, user).await
}

/// The workspace that has the slug.
pub(crate) async fn find_by_slug(executor: impl PgExecutor<'_>, slug: &str) -> Result<Option<WorkspaceId>> {
    let id: Option<uuid::Uuid> =
        sqlx::query_scalar("select id from workspaces where slug = $1 and deleted_at is null")
            .bind(slug)
            .fetch_optional(executor)
            .await?;
    Ok(id.map(WorkspaceId::from_uuid))
}

/// The id of a workspace, if there is one that is not deleted.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>, id: WorkspaceId) -> Result<Option<WorkspaceId>> {
    let found = sqlx::query_scalar("select id from workspaces where id = $1 and deleted_at is null");
    let found = found.bind(id.as_uuid()).fetch_optional(executor).await?;
    Ok(found.map(WorkspaceId::from_uuid))
}

/// A workspace about to be created.
#[derive(Debug)]
pub(crate) struct NewWorkspace<'a> {
    pub(crate) id: WorkspaceId,
    pub(crate) name: &'a str,
    pub(crate) slug: &'a str,
    pub(crate) owner_id: UserId,
    pub(crate) plan: &'a str,
    pub(crate) member_limit: Option<i64>,
    pub(crate) at: Timestamp,
}

/// Creates a workspace; none when the slug is taken.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    new: NewWorkspace<'_>,
) -> Result<Option<Workspace>> {
    sqlx::query_as(concat!(
        "insert into workspaces as w (id, name, slug, owner_id, plan, member_limit, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)
         on conflict (slug) where deleted_at is null do nothing
         returning ",
        workspace_columns!()
    ))
    .bind(new.id.as_uuid())
    .bind(new.name)
    .bind(new.slug)
    .bind(new.owner_id.as_uuid())
    .bind(new.plan)
    .bind(new.member_limit)
    .bind(new.at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// What of a workspace is to be changed; what is none stays.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WorkspaceUpdate<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) slug: Option<&'a str>,
    pub(crate) require_mfa: Option<bool>,
}

impl WorkspaceUpdate<'_> {
    /// Whether anything would be other than it is.
    pub(crate) fn changes(&self, present: &Workspace) -> bool {
        self.name.is_some_and(|name| name != present.name)
            || self.slug.is_some_and(|slug| slug != present.slug)
            || self.require_mfa.is_some_and(|require| require != present.require_mfa)
    }
}

/// Changes a workspace.
pub(crate) async fn update(
    executor: impl PgExecutor<'_>,
    id: WorkspaceId,
    update: WorkspaceUpdate<'_>,
    at: Timestamp,
) -> Result<Workspace> {
    sqlx::query_as(concat!(
        "update workspaces w
            set name = coalesce($2, name), slug = coalesce($3, slug), require_mfa = coalesce($5, require_mfa),
                version = version + 1, updated_at = $4
          where id = $1
         returning ",
        workspace_columns!()
    ))
    .bind(id.as_uuid())
    .bind(update.name)
    .bind(update.slug)
    .bind(at.as_datetime())
    .bind(update.require_mfa)
    .fetch_one(executor)
    .await
}

/// Marks it as deleted.
pub(crate) async fn delete(
    executor: impl PgExecutor<'_>,
    id: WorkspaceId,
    at: Timestamp,
) -> Result<Workspace> {
    sqlx::query_as(concat!(
        "update workspaces w set deleted_at = $2, updated_at = $2, version = version + 1 where id = $1 returning ",
        workspace_columns!()
    ))
    .bind(id.as_uuid())
    .bind(at.as_datetime())
    .fetch_one(executor)
    .await
}

/// Gives the workspace to its longest-standing owner if the one it is given to is an owner no more.
pub(crate) async fn hand_over(
    executor: impl PgExecutor<'_>,
    id: WorkspaceId,
    at: Timestamp,
) -> Result<Option<Workspace>> {
    sqlx::query_as(concat!(
        "update workspaces w
            set owner_id = heir.user_id, version = version + 1, updated_at = $2
           from (select user_id from workspace_members
                  where workspace_id = $1 and status = 'active' and role = 'owner'
                  order by joined_at limit 1) heir
          where w.id = $1
            and not exists (select 1 from workspace_members m
                             where m.workspace_id = $1 and m.user_id = w.owner_id
                               and m.status = 'active' and m.role = 'owner')
         returning ",
        workspace_columns!()
    ))
    .bind(id.as_uuid())
    .bind(at.as_datetime())
    .fetch_optional(executor)
    .await
}

/// The workspaces that the user is an active member of, the longest joined first.
pub(crate) async fn list_of_user(
    executor: impl PgExecutor<'_>,
    user: UserId,
    page: TableQuery,
) -> Result<Vec<SeatedWorkspace>> {
    sqlx::query_as(concat!(
        "select ",
        workspace_columns!(),
        ", m.role as member_role, m.version as member_version
           from workspace_members m join workspaces w on w.id = m.workspace_id
          where m.user_id = $1 and m.status = 'active' and w.deleted_at is null
          order by m.joined_at, w.id limit $2 offset $3"
    ))
    .bind(user.as_uuid())
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(executor)
    .await
}

/// How many those are.
pub(crate) async fn count_of_user(executor: impl PgExecutor<'_>, user: UserId) -> Result<i64> {
    sqlx::query_scalar(
        "select count(*) from workspace_members m join workspaces w on w.id = m.workspace_id
          where m.user_id = $1 and m.status = 'active' and w.deleted_at is null",
    )
    .bind(user.as_uuid())
    .fetch_one(executor)
    .await
}
