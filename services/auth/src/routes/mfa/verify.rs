//! `POST /auth/mfa/verify`.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{OTP, shown};
use crate::limits::{Limit, Subject};
use crate::second_factor::{codes, ticket};
use crate::signed_in::SignedIn;
use crate::state::State;

/// The second half of a sign-in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifySecondFactor)]
pub(crate) struct Request {
    /// Of the answer to the first half.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    mfa_ticket: String,
    /// Six digits of the authenticator app.
    #[schema(pattern = "^[0-9]{6}$")]
    code: Option<String>,
    /// Or a recovery code.
    #[schema(example = "7h2k-0pq4-m9xv-c3tz")]
    recovery_code: Option<String>,
}

/// Finish signing in with a second factor
///
/// Takes a code of the authenticator app or a recovery code, each once. The ticket works once, for five minutes, and
/// dies with the fifth wrong code. Ten wrong codes in a row, over all sign-ins, close codes for a while; recovery codes
/// still work then.
#[utoipa::path(
    post,
    path = "/auth/mfa/verify",
    operation_id = "verify_second_factor",
    tag = "mfa",
    security(()),
    request_body(content = Request, example = json!({
        "mfa_ticket": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE", "code": "492039"
    })),
    responses(
        (status = 200, description = "Signed in.", body = Success<SignedIn>),
        (status = 401, response = inline(super::super::refusals::WrongCode)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn verify_second_factor(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    let text = request.mfa_ticket.trim();
    let present = if text.is_empty() { Err(Invalid::required()) } else { Ok(text) };
    let (text, shown) = all((
        field("mfa_ticket", present),
        shown(request.code.as_deref(), request.recovery_code.as_deref()),
    ))?;
    state.limits.take(Limit::Login, &Subject::client(&context)).await?;

    let mut transaction = state.begin().await?;
    let ticket = ticket::lock(&state, &mut transaction, text, &context).await?;
    let cause = context.cause(Some(ticket.user.id()), None);
    if !codes::take(&state, &mut transaction, &ticket.user, &shown, &cause).await? {
        return Err(ticket::fail(&state, transaction, ticket, shown.method(), &cause).await?.into());
    }
    let (tokens, user) = ticket::spend(&state, transaction, ticket, shown.method(), OTP, &context).await?;
    Ok(SignedIn::reply(&state, tokens, &user))
}
