//! Who calls, and how much he may: the two questions before any service is asked.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use colink_auth::ApiKey;
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use crate::domain::table::{Access, Class, Route};
use crate::exchange;
use crate::limits::{Allowance, Count, Subject, Verdict};
use crate::state::State;

/// A client that may go on.
#[derive(Debug)]
pub struct Known {
    /// Whose budget the call draws on.
    pub subject: Subject,
    /// What the service is sent as `Authorization` instead of an API key or a provider's token.
    pub exchanged: Option<HeaderValue>,
}

/// Verifies the token of a route that needs one, or exchanges the API key or the token of a trusted issuer. The service
/// verifies the token again.
///
/// From an address whose calls without a valid token are used up only tokens that were verified before go on: another one
/// is refused before its signature is looked at. Its owner comes through as soon as the address has room again.
///
/// # Errors
/// 401 for a token or key that is missing, expired or not valid; 403 for a provider's token whose bearer is kept out; 429
/// after too many wrong ones; 503 while the keys cannot be had.
pub async fn identify(
    state: &State,
    route: &Route,
    request: &HttpRequest,
    context: &RequestContext,
) -> ApiResult<Known> {
    if route.access == Access::Public {
        return Ok(Known { subject: Subject::Address(context.ip()), exchanged: None });
    }
    let token = bearer(request)?;
    if let Some(wait) = state.limiter.used_up(context.ip())
        && !token.is_some_and(|token| ApiKey::is_meant(token) || state.verifier.remembers(token))
    {
        state.metrics.refused(Class::Unproven);
        return Err(ApiError::rate_limited(wait));
    }
    let token = token.ok_or_else(|| ApiError::of(ErrorKind::Unauthorized))?;
    let token = if ApiKey::is_meant(token) {
        state.api_keys.exchange(token, context, &state.upstreams).await?
    } else if let Some(issuer) = state.provider_tokens.issuer_of(token) {
        state.provider_tokens.exchange(issuer, token, context, &state.upstreams).await?
    } else {
        let claims = state.verifier.verify(token).await?;
        return Ok(Known { subject: Subject::User(claims.sub), exchanged: None });
    };
    let claims = state.verifier.verify(&token).await?;
    Ok(Known { subject: Subject::User(claims.sub), exchanged: Some(exchange::bearer(&token)?) })
}

/// Counts a call that did not prove who makes it, and answers it.
pub async fn turn_away(state: &State, context: &RequestContext, error: ApiError) -> ApiResult<HttpResponse> {
    if error.kind().status() == 401
        && let Admission::Refused(allowance) =
            admit(state, Class::Unproven, Subject::Address(context.ip())).await?
    {
        return Ok(refusal(state, Class::Unproven, allowance));
    }
    Err(error)
}

/// Whether a call is within its budget.
#[derive(Debug, Clone, Copy)]
pub enum Admission {
    /// It is, and this is left; `None` when it could not be counted.
    Granted(Option<Allowance>),
    /// It is not.
    Refused(Allowance),
}

impl Admission {
    /// What is left. Also of a call that was made before it was counted, and that other gateways left no room for.
    pub fn allowance(self) -> Option<Allowance> {
        match self {
            Self::Granted(allowance) => allowance,
            Self::Refused(allowance) => Some(allowance),
        }
    }
}

/// Counts the call, before it is made.
///
/// # Errors
/// 503 for a call that must be counted and cannot be.
pub async fn admit(state: &State, class: Class, subject: Subject) -> ApiResult<Admission> {
    counted(state, begin(state, class, subject)).await
}

/// The call, to be [counted](counted) before it is made, or beside it if it has room.
pub fn begin(state: &State, class: Class, subject: Subject) -> Count {
    let budget = match (subject, class) {
        (Subject::Address(_), Class::Read | Class::Send | Class::Write) => state.limits.anonymous(),
        _ => state.limits.of(class),
    };
    state.limiter.begin(subject, class, budget)
}

/// Whether the call is within its budget.
///
/// # Errors
/// 503 for a call that must be counted and cannot be.
pub async fn counted(state: &State, call: Count) -> ApiResult<Admission> {
    let class = call.class();
    let (verdict, failure) = state.limiter.count(call).await;
    match verdict {
        Verdict::Allowed(Some(allowance)) => Ok(Admission::Granted(Some(allowance))),
        Verdict::Allowed(None) => {
            state.metrics.uncounted(class, failure.as_ref());
            Ok(Admission::Granted(None))
        }
        Verdict::Refused(allowance) => Ok(Admission::Refused(allowance)),
        Verdict::Uncountable => {
            state.metrics.uncounted(class, failure.as_ref());
            Err(ApiError::new(
                ErrorKind::ServiceUnavailable,
                "Signing in is paused while attempts cannot be counted; try again shortly.",
            ))
        }
    }
}

/// 429.
pub fn refusal(state: &State, class: Class, allowance: Allowance) -> HttpResponse {
    state.metrics.refused(class);
    let mut response = ApiError::rate_limited(allowance.retry_after).error_response();
    tell(response.headers_mut(), allowance);
    response
}

/// The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-07.
pub fn tell(headers: &mut HeaderMap, allowance: Allowance) {
    let reset = u64::try_from(allowance.reset.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
    headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(allowance.limit));
    headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(allowance.remaining));
    headers.insert(HeaderName::from_static("ratelimit-reset"), HeaderValue::from(reset));
}

/// The token; two headers are refused, because the service might read the other one.
fn bearer(request: &HttpRequest) -> ApiResult<Option<&str>> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let value = values.next().and_then(|value| value.to_str().ok());
    if values.next().is_some() {
        return Err(ApiError::of(ErrorKind::TokenInvalid));
    }
    let Some((scheme, token)) = value.and_then(|value| value.split_once(' ')) else { return Ok(None) };
    Ok(scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()))
}
