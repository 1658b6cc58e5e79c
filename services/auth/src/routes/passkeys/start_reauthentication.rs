//! `POST /auth/reauthenticate/passkey/start`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiError, ApiResult, Reply, Success};

use super::Asked;
use crate::error::AuthError;
use crate::passkeys::Purpose;
use crate::state::State;
use crate::store::passkeys;

/// Begin to prove again who you are, with a passkey
///
/// The answer is good for five minutes, in this session, once. 409 for a user without a passkey.
#[utoipa::path(
    post,
    path = "/auth/reauthenticate/passkey/start",
    operation_id = "start_passkey_reauthentication",
    tag = "passkeys",
    responses(
        (status = 200, description = "What to ask of the authenticator.", body = Success<Asked>),
    )
)]
pub(crate) async fn start_passkey_reauthentication(
    state: Data<State>,
    caller: Caller,
) -> ApiResult<Reply<Asked>> {
    let allowed = passkeys::list(&state.pool, caller.user_id()).await?;
    if allowed.is_empty() {
        return Err(ApiError::conflict("There is no passkey to prove it with."));
    }
    let (options, ceremony) =
        state.relying_party.begin_assertion(&allowed, true).map_err(AuthError::crypto)?;
    let purpose = Purpose::Reauthentication(caller.session_id());
    state.ceremonies.insert(purpose, ceremony, state.clock.now()).await?;
    Ok(Reply::ok(Asked { options }))
}
