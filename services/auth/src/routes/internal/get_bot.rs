//! `GET /internal/bots/{bot_id}`: a bot in use and whose it is, for channels, which lets it into workspaces of its owner.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Path, Reply};
use serde::Serialize;

use crate::api_keys::error::ApiKeyError;
use crate::error::AuthError;
use crate::state::State;
use crate::store::bots;

/// The bot.
#[derive(Debug, Serialize)]
pub(crate) struct OwnedBot {
    owner_id: UserId,
    username: String,
    display_name: String,
}

pub(crate) async fn get_bot(
    state: Data<State>,
    _caller: InternalCaller,
    Path(id): Path<UserId>,
) -> ApiResult<Reply<OwnedBot>> {
    let bot = bots::lookup(&state.pool, id).await.map_err(AuthError::from)?;
    let bot = bot.filter(|bot| bot.deactivated_at.is_none()).ok_or(AuthError::from(ApiKeyError::NoBot))?;
    Ok(Reply::ok(OwnedBot {
        owner_id: bot.owner_id(),
        username: bot.user.username,
        display_name: bot.user.display_name,
    }))
}
