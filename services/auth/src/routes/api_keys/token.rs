//! `POST /auth/api-keys/token`: for sockets, which take access tokens.

use actix_web::HttpRequest;
use actix_web::web::Data;
use colink_auth::{TokenError, bearer_token};
use colink_http::{ApiResult, Reply, RequestContext, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api_keys::exchange::{Origin, exchange};
use crate::state::State;

/// A token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyToken)]
pub(crate) struct Token {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that it lives.
    #[schema(example = 60)]
    expires_in: i64,
}

/// Exchange an API key for an access token
///
/// The key stands in `Authorization: Bearer clk_…`. Only a socket needs the token: calls take the key itself. 401
/// `MFA_REQUIRED` while whoever answers for the key must have a second factor and has none.
#[utoipa::path(
    post,
    path = "/auth/api-keys/token",
    operation_id = "issue_api_key_token",
    tag = "api keys",
    responses(
        (status = 200, description = "A token with the scopes of the key.", body = Success<Token>),
        (status = 401, response = inline(super::super::refusals::DeadToken)),
    )
)]
pub(crate) async fn issue_api_key_token(
    state: Data<State>,
    request: HttpRequest,
    context: RequestContext,
) -> ApiResult<Reply<Token>> {
    let key = bearer_token(request.headers())?;
    let user_agent = context.user_agent().map(str::to_owned);
    let origin = Origin { ip: context.ip(), user_agent: user_agent.as_deref(), context: &context };
    let issued = exchange(&state, key, &origin).await?.ok_or(TokenError::Invalid)?;
    if issued.restricted {
        return Err(TokenError::EnrolmentOnly.into());
    }
    let token = Token { access_token: issued.access, token_type: "Bearer", expires_in: issued.expires_in };
    Ok(Reply::ok(token))
}
