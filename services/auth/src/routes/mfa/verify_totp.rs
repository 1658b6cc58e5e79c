//! `POST /auth/mfa/totp/verify`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::OTP;
use crate::domain::totp::Code;
use crate::error::AuthError;
use crate::second_factor::{Method, codes, enrolment};
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::{mfa_failures, totp_secrets, users};

/// The first code of a new app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyTotp)]
pub(crate) struct Request {
    /// Six digits.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

/// The app is in use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpEnabled)]
pub(crate) struct Enabled {
    /// Ten codes; each works once instead of the second factor. They are not shown again.
    #[schema(example = json!(["7h2k-0pq4-m9xv-c3tz"]))]
    recovery_codes: Vec<String>,
    /// The session's new tokens.
    session: SignedIn,
}

/// Put an authenticator app in use
///
/// From now on signing in asks for a code. Ends all other sessions; this one counts as proven by two factors and goes on
/// with the tokens of the answer, its refresh tokens of before are dead. Wrong codes are counted as at sign-in.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/verify",
    operation_id = "verify_totp",
    tag = "mfa",
    request_body(content = Request, example = json!({"code": "492039"})),
    responses(
        (status = 200, description = "In use; the codes are not shown again.", body = Success<Enabled>),
        (status = 401, response = inline(super::super::refusals::WrongCode)),
        (status = 409, response = inline(super::super::refusals::FactorConflict)),
    )
)]
pub(crate) async fn verify_totp(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Enabled>> {
    let (code,) = all((field("code", Code::parse(&request.code)),))?;
    let (user_id, now) = (caller.user_id(), state.clock.now());
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, user_id).await?.ok_or(AuthError::UserGone)?;
    codes::check_lock(&state, &mut transaction, user_id).await?;
    let since = now - state.mfa.setup();
    let pending = totp_secrets::find_pending(&mut *transaction, user_id, caller.session_id(), since).await?;
    let pending = pending.ok_or(AuthError::NothingSetUp)?;
    let seed = codes::open_seed(&state, user_id, &pending.sealed_secret)?;
    let Some(step) = seed.step_of(code, now.timestamp()) else {
        return Err(codes::fail(&state, transaction, user_id, Method::Totp, &caller.cause()).await?.into());
    };

    if !totp_secrets::update_enabled(&mut transaction, user_id, step, now).await? {
        return Err(AuthError::NothingSetUp.into());
    }
    mfa_failures::delete(&mut transaction, user_id).await?;
    let recovery_codes = enrolment::issue_codes(&state, &mut transaction, user_id).await?;
    let (tokens, ended) =
        enrolment::enabled(&state, &mut transaction, &caller, &user, Method::Totp, OTP).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(SignedIn::within(&state, tokens, &user, |session| Reply::ok(Enabled { recovery_codes, session })))
}
