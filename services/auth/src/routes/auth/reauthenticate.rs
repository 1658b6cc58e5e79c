//! `POST /auth/reauthenticate`: who he is, proven again, before what guards the account is changed.
//!
//! An account with an authenticator app takes as much as its sign-in: password and code. A password alone may have been
//! seen, and a code alone may be read from a telephone that lies on the table. Where there is no password (sign-in by a
//! provider) the code alone is taken.

use actix_web::web::Data;
use colink_auth::{Caller, EnrollingCaller};
use colink_core::error::Invalid;
use colink_http::validate::{all, optional};
use colink_http::{ApiError, ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::mfa::OTP;
use super::Proven;
use crate::domain::password::Password;
use crate::domain::totp::Code;
use crate::error::AuthError;
use crate::password_check::PasswordCheck;
use crate::second_factor::MULTIPLE;
use crate::second_factor::codes::{self, Shown};
use crate::state::State;
use crate::store::users::Credentials;
use crate::store::{totp_secrets, users};

/// The proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reauthenticate)]
pub(crate) struct Request {
    /// The password of the account, if it has one.
    #[schema(format = Password, max_length = 128)]
    password: Option<String>,
    /// A code of the authenticator app, if one is in use.
    #[schema(pattern = "^[0-9]{6}$", example = "492039")]
    code: Option<String>,
}

/// Prove again who you are
///
/// Sensitive changes are refused with REAUTHENTICATION_REQUIRED unless the session was proven in the last ten
/// minutes. An account with an authenticator app takes password and code; MFA_REQUIRED says that the password was right
/// and the code is missing. Failures count as failed sign-ins. The session goes on with the tokens of the answer: its
/// refresh tokens of before are dead, so that a copy of one gains nothing from the proof.
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
    EnrollingCaller(caller): EnrollingCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Proven>> {
    let (password, code) = all((
        optional("password", request.password, |text| Password::claimed(&text)),
        optional("code", request.code, |text| Code::parse(&text)),
    ))?;
    let found = users::lookup_credentials(&state.pool, caller.user_id()).await?;
    let found = found.ok_or(AuthError::UserGone)?;
    let with_app = totp_secrets::find_enabled(&state.pool, caller.user_id()).await?.is_some();
    if found.password_hash.is_some() || !with_app {
        let password = password.ok_or_else(|| ApiError::invalid("password", Invalid::required()))?;
        prove_password(&state, &caller, found, &password).await?;
    }
    let code = if with_app { Some(code.ok_or(AuthError::SecondFactorMissing)?) } else { None };
    Ok(prove(&state, &caller, code).await?)
}

async fn prove_password(
    state: &State,
    caller: &Caller,
    found: Credentials,
    password: &Password,
) -> Result<(), AuthError> {
    let check = PasswordCheck::of(state, caller.context(), &found.user).await?;
    check.prove(Some(found), password).await.map(drop)
}

/// With a code the session is as good as one that was begun with it.
async fn prove(state: &State, caller: &Caller, code: Option<Code>) -> Result<Reply<Proven>, AuthError> {
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    let Some(code) = code else {
        return Proven::prove(state, transaction, &user, caller.session_id(), &[]).await;
    };
    let shown = Shown::Totp(code);
    let transaction = codes::require(state, transaction, &user, &shown, &caller.cause()).await?;
    let words = [OTP, &[MULTIPLE]].concat();
    Proven::prove(state, transaction, &user, caller.session_id(), &words).await
}
