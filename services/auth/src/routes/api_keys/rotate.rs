//! `POST /auth/api-keys/{api_key_id}/rotate`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ApiKeyId;
use colink_http::{ApiResult, Body, Path, Reply, Success};

use super::{Rotation, Shown, shown};
use crate::state::State;
use crate::{api_keys, reauthentication};

/// Give one of my API keys a new secret
///
/// The secret before it goes on for `overlap_s`; meanwhile the key cannot be rotated but with 0, which ends every earlier
/// secret at once. Name and scopes stay, and so does the key's end unless `expires_in_days` gives it another. Asks for a fresh
/// proof of who is asking.
#[utoipa::path(
    post,
    path = "/auth/api-keys/{api_key_id}/rotate",
    operation_id = "rotate_api_key",
    tag = "api keys",
    params(("api_key_id" = ApiKeyId, Path, description = "The key.")),
    request_body(content = Rotation, example = json!({ "overlap_s": 86400 })),
    responses((status = 200, description = "The key with its new secret.", body = Success<Shown>))
)]
pub(crate) async fn rotate_api_key(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<ApiKeyId>,
    Body(request): Body<Rotation>,
) -> ApiResult<Reply<Shown>> {
    let replacement = request.check(state.api_keys)?;
    reauthentication::require(&state, &caller).await?;
    let made = api_keys::rotate(&state, &caller, caller.user_id(), id, replacement).await?;
    Ok(Reply::ok(shown(&state, made).await?))
}
