//! `DELETE /auth/bots/{bot_id}/api-keys/{api_key_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::{ApiKeyId, UserId};
use colink_http::{ApiResult, Path, Reply};

use crate::api_keys;
use crate::routes::bots::own;
use crate::state::State;

/// End an API key of one of my bots
#[utoipa::path(
    delete,
    path = "/auth/bots/{bot_id}/api-keys/{api_key_id}",
    operation_id = "revoke_bot_api_key",
    tag = "bots",
    params(
        ("bot_id" = UserId, Path, description = "The bot."),
        ("api_key_id" = ApiKeyId, Path, description = "The key."),
    ),
    responses((status = 204, description = "Ended."))
)]
pub(crate) async fn revoke_bot_api_key(
    state: Data<State>,
    caller: Caller,
    Path((bot_id, id)): Path<(UserId, ApiKeyId)>,
) -> ApiResult<Reply<()>> {
    own(&state.pool, &caller, bot_id).await?;
    api_keys::revoke(&state, &caller, bot_id, id).await?;
    Ok(Reply::no_content())
}
