//! `POST /auth/oidc/token`.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_core::text::one_line;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::oidc::cookie::Cookies;
use crate::sign_in::{Proof, admit};
use crate::signed_in::LoginAnswer;
use crate::state::State;
use crate::store::users::User;
use crate::store::{oidc_codes, users};
use crate::turned_away::require_open;

const DEVICE_NAME_MAX: usize = 80;

/// The code that the callback gave.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExchangeOidcCode)]
pub(crate) struct Request {
    /// What stands behind `oidc_code=`.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    code: String,
    /// What the session is called in the list of sessions.
    #[schema(max_length = 80)]
    device_name: Option<String>,
}

/// Exchange the code of a callback for tokens
///
/// Works once, for 60 s, in the browser that began the sign-in. A second factor may be asked for, as after a password.
#[utoipa::path(
    post,
    path = "/auth/oidc/token",
    operation_id = "exchange_oidc_code",
    tag = "oidc",
    security(()),
    request_body(content = Request, example = json!({
        "code": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE", "device_name": "Laptop"
    })),
    responses(
        (status = 200, description = "Signed in, or a second factor is needed.", body = Success<LoginAnswer>),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn exchange_oidc_code(
    state: Data<State>,
    context: RequestContext,
    cookies: Cookies,
    Body(request): Body<Request>,
) -> ApiResult<Reply<LoginAnswer>> {
    let present = if request.code.is_empty() { Err(Invalid::required()) } else { Ok(request.code.trim()) };
    let (code, device_name) = all((
        field("code", present),
        optional("device_name", request.device_name, |name| one_line(&name, 1..=DEVICE_NAME_MAX)),
    ))?;
    state.limits.take(Limit::Oidc, &Subject::client(&context)).await?;
    let (user, proof) = redeem(&state, &cookies, code).await?;
    require_open(&state, &user, &context).await?;
    let admission = admit(&state, &user, proof, device_name.as_deref(), &context).await?;
    Ok(admission.reply(&state, &user))
}

/// Whose code it is, and what was proven; the code is spent with the beginning of the session. An exchange in another
/// browser spoils it.
async fn redeem(state: &State, cookies: &Cookies, code: &str) -> Result<(User, Proof), AuthError> {
    let code = OpaqueToken::parse(code).ok_or(AuthError::DeadCode)?.hash();
    let kept = oidc_codes::lookup(&state.pool, code).await?.ok_or(AuthError::DeadCode)?;
    let browser = state.oidc.cookie().read(cookies).filter(|browser| kept.is_of(browser.hash()));
    if browser.is_none() || kept.expires_at <= state.clock.now() {
        oidc_codes::delete(&state.pool, code).await?;
        return Err(AuthError::DeadCode);
    }
    let user = users::lookup(&state.pool, kept.user_id()).await?.ok_or(AuthError::DeadCode)?;
    Ok((user, Proof::code(code, kept.second_factor)))
}
