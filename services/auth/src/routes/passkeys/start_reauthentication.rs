//! `POST /auth/reauthenticate/passkey/start`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiError, ApiResult, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Asked;
use crate::error::AuthError;
use crate::passkeys::Purpose;
use crate::state::State;
use crate::store::passkeys;

/// What the passkey is for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Whether it goes with the password to `POST /auth/reauthenticate`; then a touch is enough.
    #[serde(default)]
    second_factor: bool,
}

/// Begin to prove again who you are, with a passkey
///
/// The answer is good for five minutes, in this session, once, for `POST /auth/reauthenticate/passkey/finish` or, with
/// `second_factor`, for `POST /auth/reauthenticate`. 409 for a user without a passkey.
#[utoipa::path(
    post,
    path = "/auth/reauthenticate/passkey/start",
    operation_id = "start_passkey_reauthentication",
    tag = "passkeys",
    params(Parameters),
    responses(
        (status = 200, description = "What to ask of the authenticator.", body = Success<Asked>),
    )
)]
pub(crate) async fn start_passkey_reauthentication(
    state: Data<State>,
    caller: Caller,
    Query(Parameters { second_factor }): Query<Parameters>,
) -> ApiResult<Reply<Asked>> {
    let allowed = passkeys::list(&state.pool, caller.user_id()).await?;
    if allowed.is_empty() {
        return Err(ApiError::conflict("There is no passkey to prove it with."));
    }
    let (options, ceremony) =
        state.relying_party.begin_assertion(&allowed, !second_factor).map_err(AuthError::crypto)?;
    let session_id = caller.session_id();
    let purpose =
        if second_factor { Purpose::SecondProof(session_id) } else { Purpose::Reauthentication(session_id) };
    state.ceremonies.insert(purpose, ceremony, state.clock.now()).await?;
    Ok(Reply::ok(Asked { options }))
}
