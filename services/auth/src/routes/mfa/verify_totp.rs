//! `POST /auth/mfa/totp/verify`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{OTP, RecoveryCodes};
use crate::domain::totp::Code;
use crate::error::AuthError;
use crate::second_factor::{Method, codes, enrolment};
use crate::state::State;
use crate::store::{mfa_failures, totp_secrets, users};

/// The first code of a new app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Six digits.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

/// Put an authenticator app in use
///
/// From now on signing in asks for a code. Ends all other sessions; this one counts as proven by two factors from its
/// next refresh on. Wrong codes are counted as at sign-in.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/verify",
    operation_id = "verify_totp",
    tag = "mfa",
    request_body(content = Request, example = json!({"code": "492039"})),
    responses(
        (status = 200, description = "In use; the codes are not shown again.", body = Success<RecoveryCodes>),
        (status = 401, response = inline(super::super::refusals::WrongCode)),
        (status = 409, response = inline(super::super::refusals::FactorConflict)),
    )
)]
pub(crate) async fn verify_totp(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<RecoveryCodes>> {
    let (code,) = all((field("code", Code::parse(&request.code)),))?;
    let (user_id, now) = (caller.user_id(), state.clock.now());
    let mut transaction = state.begin().await?;
    users::lock(&mut transaction, user_id).await?.ok_or(AuthError::UserGone)?;
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
    let ended = enrolment::enabled(&state, &mut transaction, &caller, Method::Totp, OTP).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(RecoveryCodes::reply(recovery_codes))
}
