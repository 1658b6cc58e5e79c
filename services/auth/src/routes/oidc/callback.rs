//! `GET /auth/oidc/{provider}/callback`: where a provider sends the browser back.
//!
//! The sign-in is taken away first, by one statement: whatever follows, its `state` is spent. Then the answer must come in the
//! browser that began it, at the provider it was begun for, and from the issuer that was asked.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use colink_http::{ApiResult, Path, Query, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{to_client, to_sign_in_page, usable_provider};
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::oidc::accounts::{Proven, Unresolved};
use crate::oidc::cookie::Cookies;
use crate::oidc::person::Person;
use crate::oidc::provider::Provider;
use crate::oidc::refusal::Refusal;
use crate::oidc::{ExchangeError, FlowSecrets};
use crate::state::State;
use crate::store::oidc_codes;
use crate::store::oidc_flows::{self, Flow};
use crate::turned_away;

/// Life of the code for the client, in seconds.
const CODE_LIFE_S: i64 = 60;
/// What a provider says when the person said no.
const CANCELLED: [&str; 2] = ["access_denied", "consent_required"];

/// What the provider adds to the address. There may be more of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Stands for who signed in, once.
    code: Option<String>,
    /// What the provider was given by us.
    state: Option<String>,
    /// The issuer (RFC 9207).
    iss: Option<String>,
    /// Why nobody signed in.
    error: Option<String>,
}

/// The end of a sign-in of `mode=json`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EndedSignIn)]
pub(crate) struct Ended {
    /// For `POST /auth/oidc/token`, within a minute; none when a provider was linked.
    #[schema(example = "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE")]
    code: Option<String>,
    /// The path that was asked for.
    #[schema(example = "/channels")]
    return_to: String,
}

/// A sign-in that came back as it should.
struct Returned {
    flow: Flow,
    secrets: FlowSecrets,
    provider: Provider,
}

/// End a sign-in at a provider
///
/// Sends the browser to where it wanted to go, with `#oidc_code=…` for `POST /auth/oidc/token`, or `#oidc_linked=…` after
/// linking. When it failed, to `/login?error=…` of the web client with one of `cancelled`, `expired`, `provider_error`,
/// `provider_unavailable`, `email_unverified`, `domain_not_allowed`, `not_registered`, `account_exists`,
/// `already_linked`; after linking to where it wanted to go, with `#oidc_error=…`.
#[utoipa::path(
    get,
    path = "/auth/oidc/{provider}/callback",
    operation_id = "end_oidc_sign_in",
    tag = "oidc",
    security(()),
    params(("provider" = String, Path, description = "The provider's id."), Parameters),
    responses(
        (status = 200, description = "Signed in at the provider, with `mode=json`.", body = Success<Ended>),
        (status = 302, description = "To the web client.")
    )
)]
pub(crate) async fn end_oidc_sign_in(
    state: Data<State>,
    context: RequestContext,
    request: HttpRequest,
    cookies: Cookies,
    Path(key): Path<String>,
    Query(parameters): Query<Parameters>,
) -> ApiResult<HttpResponse> {
    state.limits.take(Limit::Oidc, &Subject::client(&context)).await?;
    let Some(returned) = take(&state, &cookies, &key, parameters.state.as_deref()).await? else {
        state.metrics.sign_in_refused("oidc_expired", None);
        return Ok(to_sign_in_page(&state, Refusal::Expired));
    };
    let ended = match returned.identify(&state, &parameters).await {
        Ok(person) => returned.resolve(&state, &person, &context).await,
        Err(refusal) => Err(refusal.into()),
    };
    match ended {
        Ok(code) => Ok(returned.succeed(&state, &request, code)),
        Err(Unresolved::Failed(error)) => Err(error.into()),
        Err(Unresolved::Refused(refusal)) => {
            returned.record(&state, refusal, &context).await?;
            returned.fail(&state, refusal)
        }
    }
}

/// The sign-in that this answer ends; `None` when there is none, it was begun elsewhere, or its provider is out of use.
async fn take(
    state: &State,
    cookies: &Cookies,
    key: &str,
    given: Option<&str>,
) -> Result<Option<Returned>, AuthError> {
    let Some(secret) = given.and_then(OpaqueToken::parse) else { return Ok(None) };
    let Some(flow) = oidc_flows::delete(&state.pool, secret.hash()).await? else { return Ok(None) };
    let Some(browser) = state.oidc.cookie().read(cookies) else { return Ok(None) };
    let alive = flow.expires_at > state.clock.now() && flow.is_of(browser.hash()) && flow.provider == key;
    let provider = if alive { usable_provider(state, key).await? } else { None };
    let secrets = FlowSecrets { state: secret, browser };
    Ok(provider.map(|provider| Returned { flow, secrets, provider }))
}

impl Returned {
    /// Who signed in there.
    async fn identify(&self, state: &State, parameters: &Parameters) -> Result<Person, Refusal> {
        let told = |error: ExchangeError| {
            state.metrics.provider_failed(&self.provider, &error);
            error.refusal()
        };
        state.oidc.check_issuer(&self.provider, parameters.iss.as_deref()).await.map_err(told)?;
        if let Some(error) = parameters.error.as_deref() {
            let cancelled = CANCELLED.contains(&error);
            return Err(if cancelled { Refusal::Cancelled } else { Refusal::Provider });
        }
        let code = parameters.code.as_deref().ok_or(Refusal::Provider)?;
        let (now, leeway) = (state.clock.now(), state.leeway);
        state.oidc.identify(&self.provider, code, &self.secrets, now, leeway).await.map_err(told)
    }

    /// The code for the client; none after linking.
    async fn resolve(
        &self,
        state: &State,
        person: &Person,
        context: &RequestContext,
    ) -> Result<Option<OpaqueToken>, Unresolved> {
        let proven = Proven { state, provider: &self.provider, person, context };
        let mut transaction = state.begin().await?;
        if let Some((user_id, session_id)) = self.flow.link() {
            let ended = proven.link(&mut transaction, user_id, session_id).await?;
            state.commit(transaction).await?;
            ended.announce(state).await;
            return Ok(None);
        }
        let (user_id, ended) = proven.sign_in(&mut transaction).await?;
        let code = OpaqueToken::generate();
        let expires_at = state.clock.now() + chrono::Duration::seconds(CODE_LIFE_S);
        let (two, browser) = (person.proved_two_factors(&self.provider), self.secrets.browser.hash());
        oidc_codes::insert(&mut *transaction, code.hash(), browser, user_id, two, expires_at).await?;
        state.commit(transaction).await?;
        if let Some(ended) = ended {
            ended.announce(state).await;
        }
        Ok(Some(code))
    }

    fn succeed(&self, state: &State, request: &HttpRequest, code: Option<OpaqueToken>) -> HttpResponse {
        let code = code.map(|code| code.reveal());
        let return_to = self.flow.return_to.as_str();
        if self.flow.json {
            let ended = Ended { code, return_to: return_to.to_owned() };
            let reply = Reply::ok(ended).header(actix_web::http::header::CACHE_CONTROL, "no-store");
            return reply.respond_to(request);
        }
        match code {
            Some(code) => to_client(state, &format!("{return_to}#oidc_code={code}")),
            None => to_client(state, &format!("{return_to}#oidc_linked={}", self.provider.key)),
        }
    }

    fn fail(&self, state: &State, refusal: Refusal) -> ApiResult<HttpResponse> {
        if self.flow.json {
            return Err(refusal.into());
        }
        if self.flow.link().is_none() {
            return Ok(to_sign_in_page(state, refusal));
        }
        let place = format!("{}#oidc_error={}", self.flow.return_to, refusal.word());
        Ok(to_client(state, &place))
    }

    /// Tells the audit log; that somebody changed his mind is nothing to tell.
    async fn record(
        &self,
        state: &State,
        refusal: Refusal,
        context: &RequestContext,
    ) -> Result<(), AuthError> {
        let user_id = self.flow.link().map(|(user_id, _)| user_id);
        state.metrics.sign_in_refused("oidc", user_id);
        if matches!(refusal, Refusal::Cancelled | Refusal::Expired | Refusal::Unavailable) {
            return Ok(());
        }
        let reason = refusal.reason();
        turned_away::tell(state, user_id, reason, context).await
    }
}
