//! `POST /auth/bots/{bot_id}/api-keys`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Body, Path, Reply, Success};

use crate::routes::api_keys::{NewKey, Shown, shown};
use crate::routes::bots::own;
use crate::state::State;
use crate::{api_keys, reauthentication};

/// Make an API key of one of my bots
///
/// Asks for a fresh proof of who is asking. The key is shown this once.
#[utoipa::path(
    post,
    path = "/auth/bots/{bot_id}/api-keys",
    operation_id = "create_bot_api_key",
    tag = "bots",
    params(("bot_id" = UserId, Path, description = "The bot.")),
    request_body(content = NewKey, example = json!({
        "name": "production", "scopes": ["messages:write"], "expires_in_days": 90
    })),
    responses((status = 201, description = "Made.", body = Success<Shown>))
)]
pub(crate) async fn create_bot_api_key(
    state: Data<State>,
    caller: Caller,
    Path(bot_id): Path<UserId>,
    Body(request): Body<NewKey>,
) -> ApiResult<Reply<Shown>> {
    let wish = request.check(state.api_keys, false)?;
    own(&state.pool, &caller, bot_id).await?;
    reauthentication::require(&state, &caller).await?;
    let made = api_keys::create(&state, &caller, bot_id, &wish).await?;
    Ok(Reply::created(shown(&state, made).await?))
}
