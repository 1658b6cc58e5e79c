//! Direct conversations: channels of the kind `dm`, one for one set of people.

use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::page::TableQuery;
use colink_core::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection, PgExecutor, Row};

use super::channels::{Channel, channel_columns};
use super::columns;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Who is in a conversation.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = DmParticipant)]
pub(crate) struct Participant {
    /// The user.
    pub(crate) id: UserId,
    /// The name he is mentioned by.
    #[schema(example = "ada")]
    pub(crate) username: String,
    /// The name he is shown by.
    #[schema(example = "Ada Lovelace")]
    pub(crate) display_name: String,
    /// His picture.
    pub(crate) avatar_url: Option<String>,
    /// Whether it is a program.
    pub(crate) bot: bool,
}

/// A conversation with the people in it.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) created_by: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) participants: Vec<Participant>,
}

impl FromRow<'_, PgRow> for Conversation {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            id: columns::id(row, "id")?,
            workspace_id: columns::id(row, "workspace_id")?,
            created_by: columns::id(row, "created_by")?,
            created_at: columns::time(row, "created_at")?,
            participants: row.try_get::<Json<_>, _>("participants")?.0,
        })
    }
}

/// What is needed to begin a conversation.
#[derive(Debug)]
pub(crate) struct NewConversation<'a> {
    pub(crate) id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) key: &'a str,
    pub(crate) created_by: UserId,
    pub(crate) at: Timestamp,
}

/// The conversation of a key, and whether it was begun just now. Whoever else begins the same one waits for this
/// transaction and then finds it.
pub(crate) async fn upsert(
    connection: &mut PgConnection,
    new: NewConversation<'_>,
) -> Result<(Channel, bool)> {
    let begun = sqlx::query_as(concat!(
        "insert into channels as c
                (id, workspace_id, kind, name, dm_key, created_by, created_at, updated_at)
         values ($1, $2, 'dm', '', $3, $4, $5, $5)
         on conflict (workspace_id, dm_key) where dm_key is not null do nothing
         returning ",
        channel_columns!()
    ))
    .bind(new.id.as_uuid())
    .bind(new.workspace_id.as_uuid())
    .bind(new.key)
    .bind(new.created_by.as_uuid())
    .bind(new.at.as_datetime())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(channel) = begun {
        return Ok((channel, true));
    }
    let found = sqlx::query_as(concat!(
        "select ",
        channel_columns!(),
        " from channels c where c.workspace_id = $1 and c.dm_key = $2 for no key update"
    ))
    .bind(new.workspace_id.as_uuid())
    .bind(new.key)
    .fetch_one(connection)
    .await?;
    Ok((found, false))
}

macro_rules! conversations {
    ($rest:literal) => {
        concat!(
            "select c.id, c.workspace_id, c.created_by, c.created_at, people.participants
               from channels c
               join channel_members m on m.channel_id = c.id and m.active and m.user_id = $1
              cross join lateral (
                    select jsonb_agg(jsonb_build_object(
                               'id', p.user_id, 'username', coalesce(u.username, ''),
                               'display_name', coalesce(u.display_name, ''), 'avatar_url', u.avatar_url,
                               'bot', coalesce(u.bot, false))
                           order by p.user_id) as participants
                      from channel_members p left join users u on u.id = p.user_id
                     where p.channel_id = c.id) people
              where c.kind = 'dm' ",
            $rest
        )
    };
}

/// One conversation, to somebody who is in it. Those who left the workspace are named too.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    id: ChannelId,
    user: UserId,
) -> Result<Option<Conversation>> {
    sqlx::query_as(conversations!("and c.id = $2"))
        .bind(user.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(executor)
        .await
}

/// The conversations that a user is in, the latest begun first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
    page: TableQuery,
) -> Result<Vec<Conversation>> {
    sqlx::query_as(conversations!(
        "and m.workspace_id = $2 order by c.created_at desc, c.id desc limit $3 offset $4"
    ))
    .bind(user.as_uuid())
    .bind(workspace.as_uuid())
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(executor)
    .await
}

/// How many those are.
pub(crate) async fn count(
    executor: impl PgExecutor<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<i64> {
    sqlx::query_scalar(
        "select count(*) from channel_members m join channels c on c.id = m.channel_id and c.kind = 'dm'
          where m.user_id = $1 and m.workspace_id = $2 and m.active",
    )
    .bind(user.as_uuid())
    .bind(workspace.as_uuid())
    .fetch_one(executor)
    .await
}
