//! Copies of profiles, fed by `colink.users`.

use colink_core::id::UserId;
use colink_events::users::{UserErased, UserPayload};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgExecutor, Row};
use utoipa::ToSchema;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What is shown beside a member.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MemberProfile)]
pub(crate) struct Profile {
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

impl FromRow<'_, PgRow> for Profile {
    /// Empty for a user of whom nothing is known yet.
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self {
            username: row.try_get::<Option<String>, _>("username")?.unwrap_or_default(),
            display_name: row.try_get::<Option<String>, _>("display_name")?.unwrap_or_default(),
            avatar_url: row.try_get("avatar_url")?,
            bot: row.try_get::<Option<bool>, _>("bot")?.unwrap_or_default(),
        })
    }
}

/// Notes what a user's own token says, or auth of a bot, until the first event about him arrives.
pub(crate) async fn note(
    executor: impl PgExecutor<'_>,
    user: UserId,
    username: &str,
    display_name: &str,
    bot: bool,
) -> Result<()> {
    sqlx::query(
        "insert into users (id, username, display_name, bot, version) values ($1, $2, $3, $4, 0)
         on conflict (id) do nothing",
    )
    .bind(user.as_uuid())
    .bind(username)
    .bind(display_name)
    .bind(bot)
    .execute(executor)
    .await?;
    Ok(())
}

/// Takes a profile over unless a later one is here.
pub(crate) async fn upsert(executor: impl PgExecutor<'_>, profile: &UserPayload) -> Result<()> {
    sqlx::query(
        "insert into users as u (id, username, display_name, avatar_url, version, bot) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update
            set username = excluded.username, display_name = excluded.display_name,
                avatar_url = excluded.avatar_url, version = excluded.version, bot = excluded.bot
          where u.version < excluded.version and not u.erased",
    )
    .bind(profile.user_id.as_uuid())
    .bind(&profile.username)
    .bind(&profile.display_name)
    .bind(&profile.avatar_url)
    .bind(profile.version)
    .bind(profile.bot)
    .execute(executor)
    .await?;
    Ok(())
}

/// Makes a profile anonymous for good, also one that is not here yet.
pub(crate) async fn erase(executor: impl PgExecutor<'_>, user: UserId) -> Result<()> {
    sqlx::query(
        "insert into users (id, username, display_name, erased, version) values ($1, $2, $3, true, 0)
         on conflict (id) do update
            set username = excluded.username, display_name = excluded.display_name, avatar_url = null, erased = true",
    )
    .bind(user.as_uuid())
    .bind(UserErased::username(user))
    .bind(UserErased::DISPLAY_NAME)
    .execute(executor)
    .await?;
    Ok(())
}

/// Deletes the answers that were kept for a user's repeated requests: his profile stands in them. Those of his API keys are kept
/// under his name and their scopes (`TokenIdentity` of crate colink-auth).
pub(crate) async fn delete_answers(executor: impl PgExecutor<'_>, user: UserId) -> Result<()> {
    sqlx::query("delete from idempotency_keys where caller = $1 or starts_with(caller, $1 || ' ')")
        .bind(format!("user:{user}"))
        .execute(executor)
        .await?;
    Ok(())
}
