//! `POST /auth/token-exchange`, after RFC 8693: an access token of a provider for one of ours.
//!
//! Services take our tokens only. Were a provider's taken by them directly, each would have to ask whose it is on every
//! request, and ending a session would not end it. Where the gateway is told to trust an issuer it does the exchange for
//! each call by itself (`provider_tokens.rs`).

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_core::text::one_line;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiError, ApiResult, Body, Reply, RequestContext, Success};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::limits::{Limit, Subject};
use crate::oidc::presented::{self, Presented};
use crate::oidc::provider::Provider;
use crate::sign_in::admit;
use crate::signed_in::LoginAnswer;
use crate::state::State;
use crate::turned_away::{self, require_open};

const DEVICE_NAME_MAX: usize = 80;

/// A token, and whose it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExchangeProviderToken)]
pub(crate) struct Request {
    /// The provider's id.
    #[serde(default)]
    #[schema(example = "keycloak")]
    provider: String,
    /// The provider's access token for the audience that is configured.
    #[serde(default)]
    #[schema(value_type = String, max_length = 16384)]
    subject_token: SecretString,
    /// What the session is called in the list of sessions.
    #[schema(max_length = 80)]
    device_name: Option<String>,
}

/// Exchange a provider's access token for ours
///
/// For programs that are signed in at a provider already. The identity must be linked to an account: sign in through the
/// browser once. A second factor may be asked for, as after a password. What asks for a fresh proof counts from the token's
/// `auth_time`; a token without it is none.
#[utoipa::path(
    post,
    path = "/auth/token-exchange",
    operation_id = "exchange_provider_token",
    tag = "oidc",
    security(()),
    request_body(content = Request, example = json!({
        "provider": "keycloak", "subject_token": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "device_name": "Backup script"
    })),
    responses(
        (status = 200, description = "Signed in, or a second factor is needed.", body = Success<LoginAnswer>),
        (status = 401, response = inline(super::super::refusals::DeadToken)),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn exchange_provider_token(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<LoginAnswer>> {
    let present = |text: &str| if text.is_empty() { Err(Invalid::required()) } else { Ok(()) };
    let ((), (), device_name) = all((
        field("provider", present(&request.provider)),
        field("subject_token", present(request.subject_token.expose_secret())),
        optional("device_name", request.device_name, |name| one_line(&name, 1..=DEVICE_NAME_MAX)),
    ))?;
    state.limits.take(Limit::Oidc, &Subject::client(&context)).await?;
    let unknown = || ApiError::invalid("provider", Invalid::new("does not exchange tokens"));
    let provider = state.oidc.configured(&request.provider).ok_or_else(unknown)?;
    let audience = provider.exchange_audience.as_deref().ok_or_else(unknown)?;
    let token = request.subject_token.expose_secret();
    let Presented { user, proof, .. } = judge(&state, provider, audience, token, &context).await?;
    require_open(&state, &user, &context).await?;
    let admission = admit(&state, &user, proof, device_name.as_deref(), &context).await?;
    Ok(admission.reply(&state, &user))
}

/// Whose token it is. The audit log is told of one that the provider made and that opens nothing; one that anybody may have made
/// up is not worth a line.
async fn judge(
    state: &State,
    provider: &Provider,
    audience: &str,
    token: &str,
    context: &RequestContext,
) -> ApiResult<Presented> {
    match presented::judge(state, provider, audience, token).await {
        Ok(presented) => Ok(presented),
        Err(rejection) => {
            if let Some(reason) = rejection.reason() {
                state.metrics.sign_in_refused("oidc", None);
                turned_away::tell(state, None, reason, context).await?;
            }
            Err(rejection.into())
        }
    }
}
