//! `POST /auth/oidc/{provider}/link`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::{all, optional};
use colink_http::{ApiError, ApiResult, OptionalBody, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Authorization, NotBegun, Purpose, begin, usable_provider};
use crate::limits::{Limit, Subject};
use crate::oidc::cookie::Cookies;
use crate::oidc::return_to::ReturnTo;
use crate::reauthentication;
use crate::state::State;

/// Where it ends.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LinkIdentity)]
pub(crate) struct Request {
    /// A path of the web client.
    #[schema(max_length = 512)]
    return_to: Option<String>,
}

/// Link a provider to my account
///
/// Send the browser to `authorization_url`; the callback links who signs in there. Then every other session ends, and the
/// owner is told by mail.
#[utoipa::path(
    post,
    path = "/auth/oidc/{provider}/link",
    operation_id = "link_identity",
    tag = "oidc",
    params(("provider" = String, Path, description = "The provider's id.")),
    request_body(content = Option<Request>, example = json!({"return_to": "/settings"})),
    responses((status = 200, description = "Where to go.", body = Success<Authorization>))
)]
pub(crate) async fn link_identity(
    state: Data<State>,
    caller: Caller,
    cookies: Cookies,
    Path(key): Path<String>,
    OptionalBody(request): OptionalBody<Request>,
) -> ApiResult<Reply<Authorization>> {
    let request = request.unwrap_or_default();
    let (return_to,) =
        all((optional("return_to", request.return_to, |text: String| ReturnTo::parse(&text)),))?;
    reauthentication::require(&state, &caller).await?;
    state.limits.take(Limit::Oidc, &Subject::client(caller.context())).await?;
    let provider = usable_provider(&state, &key).await?.ok_or_else(|| ApiError::not_found("provider"))?;
    let purpose = Purpose {
        return_to: return_to.unwrap_or_else(ReturnTo::home),
        json: false,
        link: Some((caller.user_id(), caller.session_id())),
    };
    match begin(&state, &provider, &cookies, &purpose).await {
        Ok(begun) => Ok(begun.reply()),
        Err(NotBegun::Failed(error)) => Err(error.into()),
        Err(NotBegun::Provider(error)) => {
            state.metrics.provider_failed(&provider, &error);
            Err(error.refusal().into())
        }
    }
}
