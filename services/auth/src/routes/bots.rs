//! Bots: users that only API keys act for. A bot has an owner, no address and no password.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod update;

use actix_web::web::{ServiceConfig, resource};
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_core::time::Timestamp;
use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;

use crate::api_keys::error::ApiKeyError;
use crate::error::AuthError;
use crate::state::State;
use crate::store::bots::{self, Bot};

/// A bot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Bot)]
pub(crate) struct View {
    /// Its user id.
    id: UserId,
    owner_id: UserId,
    #[schema(example = "deploybot")]
    username: String,
    #[schema(example = "Deploy bot")]
    display_name: String,
    /// What it does.
    #[schema(example = "Tells the team what was deployed.")]
    description: Option<String>,
    created_at: Timestamp,
}

impl From<Bot> for View {
    fn from(bot: Bot) -> Self {
        Self {
            id: bot.user.id(),
            owner_id: bot.owner_id(),
            username: bot.user.username,
            display_name: bot.user.display_name,
            description: bot.description,
            created_at: bot.user.created_at.into(),
        }
    }
}

/// The caller's own bot, in use. Somebody else's is as one that does not exist.
///
/// # Errors
/// [`ApiKeyError::NoBot`].
pub(super) async fn own(
    executor: impl PgExecutor<'_>,
    caller: &Caller,
    id: UserId,
) -> Result<Bot, AuthError> {
    let bot = bots::lookup(executor, id).await?.filter(|bot| bot.deactivated_at.is_none());
    Ok(bot.filter(|bot| bot.owner_id() == caller.user_id()).ok_or(ApiKeyError::NoBot)?)
}

/// The paths.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/bots").get(list::list_bots).post(create::create_bot).wrap(once())).service(
        resource("/auth/bots/{bot_id}").patch(update::update_bot).delete(delete::delete_bot).wrap(once()),
    );
}
