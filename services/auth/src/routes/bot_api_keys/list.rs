//! `GET /auth/bots/{bot_id}/api-keys`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Path, Reply, Success};

use crate::routes::api_keys::{View, page};
use crate::routes::bots::own;
use crate::state::State;

/// List the API keys of one of my bots
#[utoipa::path(
    get,
    path = "/auth/bots/{bot_id}/api-keys",
    operation_id = "list_bot_api_keys",
    tag = "bots",
    params(("bot_id" = UserId, Path, description = "The bot.")),
    responses((status = 200, description = "The keys, without their secrets.", body = Success<CursorPage<View>>))
)]
pub(crate) async fn list_bot_api_keys(
    state: Data<State>,
    caller: Caller,
    Path(bot_id): Path<UserId>,
) -> ApiResult<Reply<CursorPage<View>>> {
    own(&state.pool, &caller, bot_id).await?;
    Ok(Reply::ok(page(&state, bot_id).await?))
}
