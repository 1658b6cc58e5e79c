//! `POST /auth/api-keys`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiResult, Body, Reply, Success};

use super::{NewKey, Shown, shown};
use crate::state::State;
use crate::{api_keys, reauthentication};

/// Make an API key
///
/// Asks for a fresh proof of who is asking. The key is shown this once.
#[utoipa::path(
    post,
    path = "/auth/api-keys",
    operation_id = "create_api_key",
    tag = "api keys",
    request_body(content = NewKey, example = json!({
        "name": "deploy notices", "scopes": ["messages:write", "channels:read"], "expires_in_days": 90
    })),
    responses((status = 201, description = "Made.", body = Success<Shown>))
)]
pub(crate) async fn create_api_key(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<NewKey>,
) -> ApiResult<Reply<Shown>> {
    let wish = request.check(state.api_keys, caller.realm_admin())?;
    reauthentication::require(&state, &caller).await?;
    let made = api_keys::create(&state, &caller, caller.user_id(), &wish).await?;
    Ok(Reply::created(shown(&state, made).await?))
}
