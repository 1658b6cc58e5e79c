//! `GET /auth/oidc/{provider}/start`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use colink_http::validate::{all, optional};
use colink_http::{ApiError, ApiResult, Path, Query, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Authorization, NotBegun, Purpose, begin, to_sign_in_page, usable_provider};
use crate::limits::{Limit, Subject};
use crate::oidc::cookie::Cookies;
use crate::oidc::return_to::ReturnTo;
use crate::state::State;

/// How the sign-in goes on and ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Where in the web client it ends: a path of this site.
    #[param(example = "/channels", max_length = 512)]
    return_to: Option<String>,
    /// For programs: answer with JSON here and at the end, instead of sending the browser on.
    #[param(inline)]
    mode: Option<Mode>,
}

/// How this and the callback answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = SignInMode)]
pub(crate) enum Mode {
    /// With JSON.
    Json,
}

/// Begin to sign in at a provider
///
/// Sets a cookie that the callback and the exchange of the code ask for, and sends the browser to the provider. When the
/// provider cannot be used, it is sent to `/login?error=…` of the web client.
#[utoipa::path(
    get,
    path = "/auth/oidc/{provider}/start",
    operation_id = "start_oidc_sign_in",
    tag = "oidc",
    security(()),
    params(("provider" = String, Path, description = "The provider's id."), Parameters),
    responses(
        (status = 200, description = "Where to go, with `mode=json`.", body = Success<Authorization>),
        (status = 302, description = "To the provider.")
    )
)]
pub(crate) async fn start_oidc_sign_in(
    state: Data<State>,
    context: RequestContext,
    request: HttpRequest,
    cookies: Cookies,
    Path(key): Path<String>,
    Query(parameters): Query<Parameters>,
) -> ApiResult<HttpResponse> {
    let (return_to,) =
        all((optional("return_to", parameters.return_to, |text: String| ReturnTo::parse(&text)),))?;
    state.limits.take(Limit::Oidc, &Subject::client(&context)).await?;
    let provider = usable_provider(&state, &key).await?.ok_or_else(|| ApiError::not_found("provider"))?;
    let return_to = return_to.unwrap_or_else(ReturnTo::home);
    let json = parameters.mode == Some(Mode::Json);
    match begin(&state, &provider, &cookies, &Purpose { return_to, json, link: None }).await {
        Ok(begun) if json => Ok(begun.reply().respond_to(&request)),
        Ok(begun) => Ok(begun.redirect()),
        Err(NotBegun::Failed(error)) => Err(error.into()),
        Err(NotBegun::Provider(error)) => {
            state.metrics.provider_failed(&provider, &error);
            let refusal = error.refusal();
            if json { Err(refusal.into()) } else { Ok(to_sign_in_page(&state, refusal)) }
        }
    }
}
