//! `POST /auth/bots/{bot_id}/api-keys/{api_key_id}/rotate`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::{ApiKeyId, UserId};
use colink_http::{ApiResult, Body, Path, Reply, Success};

use crate::routes::api_keys::{Rotation, Shown, shown};
use crate::routes::bots::own;
use crate::state::State;
use crate::{api_keys, reauthentication};

/// Give an API key of one of my bots a new secret
#[utoipa::path(
    post,
    path = "/auth/bots/{bot_id}/api-keys/{api_key_id}/rotate",
    operation_id = "rotate_bot_api_key",
    tag = "bots",
    params(
        ("bot_id" = UserId, Path, description = "The bot."),
        ("api_key_id" = ApiKeyId, Path, description = "The key."),
    ),
    request_body(content = Rotation, example = json!({ "overlap_s": 86400 })),
    responses((status = 200, description = "The key with its new secret.", body = Success<Shown>))
)]
pub(crate) async fn rotate_bot_api_key(
    state: Data<State>,
    caller: Caller,
    Path((bot_id, id)): Path<(UserId, ApiKeyId)>,
    Body(request): Body<Rotation>,
) -> ApiResult<Reply<Shown>> {
    let replacement = request.check(state.api_keys)?;
    own(&state.pool, &caller, bot_id).await?;
    reauthentication::require(&state, &caller).await?;
    let made = api_keys::rotate(&state, &caller, bot_id, id, replacement).await?;
    Ok(Reply::ok(shown(&state, made).await?))
}
