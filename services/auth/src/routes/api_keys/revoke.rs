//! `DELETE /auth/api-keys/{api_key_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ApiKeyId;
use colink_http::{ApiResult, Path, Reply};

use crate::api_keys;
use crate::state::State;

/// End one of my API keys
///
/// What was begun with it, sockets too, ends within 2 s. Asks for no fresh proof: a lost key must be ended at once.
#[utoipa::path(
    delete,
    path = "/auth/api-keys/{api_key_id}",
    operation_id = "revoke_api_key",
    tag = "api keys",
    params(("api_key_id" = ApiKeyId, Path, description = "The key.")),
    responses((status = 204, description = "Ended."))
)]
pub(crate) async fn revoke_api_key(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<ApiKeyId>,
) -> ApiResult<Reply<()>> {
    api_keys::revoke(&state, &caller, caller.user_id(), id).await?;
    Ok(Reply::no_content())
}
