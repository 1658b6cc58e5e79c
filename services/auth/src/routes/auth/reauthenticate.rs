//! `POST /auth/reauthenticate`: who he is, proven again, before what guards the account is changed.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::password::Password;
use crate::error::AuthError;
use crate::password_check::PasswordCheck;
use crate::state::State;
use crate::store::{sessions, users};

/// The proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The password of the account.
    #[serde(default)]
    #[schema(format = Password, max_length = 128)]
    password: String,
}

/// The session is proven.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proven {
    /// For how long sensitive changes are open, in seconds.
    #[schema(example = 600)]
    expires_in: u64,
}

impl Proven {
    /// Of a proof given now.
    pub(crate) fn of(state: &State) -> Self {
        Self { expires_in: state.tokens.reauthentication().as_secs() }
    }
}

/// Prove again who you are
///
/// Sensitive changes are refused with REAUTHENTICATION_REQUIRED unless the session was proven in the last ten
/// minutes. Failures count as failed sign-ins.
#[utoipa::path(
    post,
    path = "/auth/reauthenticate",
    operation_id = "reauthenticate",
    tag = "auth",
    request_body(content = Request, example = json!({"password": "Gr4phite!pencil"})),
    responses(
        (status = 200, description = "Sensitive changes are open.", body = Success<Proven>),
        (status = 401, response = inline(super::super::refusals::InvalidCredentials)),
    )
)]
pub(crate) async fn reauthenticate(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Proven>> {
    let (password,) = all((field("password", Password::claimed(&request.password)),))?;
    let found = users::lookup_credentials(&state.pool, caller.user_id()).await?;
    let found = found.ok_or(AuthError::UserGone)?;
    let check = PasswordCheck::of(&state, caller.context(), &found.user).await?;
    check.prove(Some(found), &password).await?;
    sessions::update_authenticated(&state.pool, caller.session_id(), state.clock.now()).await?;
    Ok(Reply::ok(Proven::of(&state)))
}
