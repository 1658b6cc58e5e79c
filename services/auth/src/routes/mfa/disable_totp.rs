//! `POST /auth/mfa/totp/disable`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::all;
use colink_http::{ApiResult, Body, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{OTP, shown};
use crate::error::AuthError;
use crate::reauthentication;
use crate::second_factor::{Method, codes, enrolment};
use crate::state::State;
use crate::store::{totp_secrets, users};

/// One of the two codes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisableTotp)]
pub(crate) struct Request {
    /// Six digits of the app.
    #[schema(pattern = "^[0-9]{6}$")]
    code: Option<String>,
    /// Or a recovery code.
    #[schema(example = "7h2k-0pq4-m9xv-c3tz")]
    recovery_code: Option<String>,
}

/// Give up the authenticator app
///
/// Needs a proof of identity that is not old, and a code. Ends all other sessions. Whoever must have a second factor
/// and has none left can only enrol one from his next refresh on.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/disable",
    operation_id = "disable_totp",
    tag = "mfa",
    request_body(content = Request, example = json!({"code": "492039"})),
    responses(
        (status = 204, description = "No code is asked for any more."),
        (status = 401, response = inline(super::super::refusals::WrongCode)),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
        (status = 409, response = inline(super::super::refusals::FactorConflict)),
    )
)]
pub(crate) async fn disable_totp(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<()>> {
    let (shown,) = all((shown(request.code.as_deref(), request.recovery_code.as_deref()),))?;
    reauthentication::require(&state, &caller).await?;
    let cause = caller.cause();
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    if totp_secrets::find_enabled(&mut *transaction, user.id()).await?.is_none() {
        return Err(AuthError::NoFactor.into());
    }
    let mut transaction = codes::require(&state, transaction, &user, &shown, &cause).await?;
    totp_secrets::delete(&mut transaction, user.id()).await?;
    let ended = enrolment::disabled(&state, &mut transaction, &caller, Method::Totp, OTP).await?;
    state.commit(transaction).await?;
    ended.announce(&state).await;
    Ok(Reply::no_content())
}
