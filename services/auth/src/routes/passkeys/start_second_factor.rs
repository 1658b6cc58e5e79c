//! `POST /auth/mfa/passkey/start`.

use actix_web::web::Data;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Asked, mfa_ticket};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passkeys::Purpose;
use crate::second_factor::ticket;
use crate::state::State;
use crate::store::passkeys;

/// A sign-in that waits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartPasskeySecondFactor)]
pub(crate) struct Request {
    /// Of the answer to the first half.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    mfa_ticket: String,
}

/// Begin to bring a passkey as the second factor
///
/// The answer is good for five minutes, with this ticket, once.
#[utoipa::path(
    post,
    path = "/auth/mfa/passkey/start",
    operation_id = "start_passkey_second_factor",
    tag = "passkeys",
    security(()),
    request_body(content = Request, example = json!({"mfa_ticket": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE"})),
    responses(
        (status = 200, description = "What to ask of the authenticator.", body = Success<Asked>),
        (status = 401, response = inline(super::super::refusals::DeadToken)),
    )
)]
pub(crate) async fn start_passkey_second_factor(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Asked>> {
    let (text,) = all((field("mfa_ticket", mfa_ticket(&request.mfa_ticket)),))?;
    state.limits.take(Limit::Login, &Subject::client(&context)).await?;
    let mut transaction = state.begin().await?;
    let ticket = ticket::lock(&state, &mut transaction, text, &context).await?;
    let allowed = passkeys::list(&mut *transaction, ticket.user.id()).await?;
    transaction.rollback().await.map_err(AuthError::from)?;
    if allowed.is_empty() {
        return Err(ApiError::conflict("There is no passkey to prove it with."));
    }
    let (options, ceremony) =
        state.relying_party.begin_assertion(&allowed, false).map_err(AuthError::crypto)?;
    state.ceremonies.insert(Purpose::SecondFactor(ticket.hash()), ceremony, state.clock.now()).await?;
    Ok(Reply::ok(Asked { options }))
}
