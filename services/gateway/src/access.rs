//! Who calls, and how much he may: the two questions before any service is asked.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use crate::domain::table::{Access, Route};
use crate::limits::{Allowance, Subject, Verdict};
use crate::state::State;

/// Verifies the token of a route that needs one. The service verifies it again.
///
/// # Errors
/// 401 for a token that is missing, expired or not valid; 503 while the keys cannot be had.
pub async fn subject(
    state: &State,
    route: &Route,
    request: &HttpRequest,
    context: &RequestContext,
) -> ApiResult<Subject> {
    if route.access == Access::Public {
        return Ok(Subject::Address(context.ip()));
    }
    let token = bearer(request).ok_or_else(|| ApiError::of(ErrorKind::Unauthorized))?;
    let claims = state.verifier.verify(token).await?;
    Ok(Subject::User(claims.sub))
}

/// Counts the call.
///
/// # Errors
/// 429 over the budget; 503 for a call that must be counted and cannot be.
pub async fn admit(
    state: &State,
    route: &Route,
    request: &HttpRequest,
    subject: Subject,
) -> ApiResult<Option<Allowance>> {
    let class = route.class(request.method().as_str());
    let budget = match subject {
        Subject::Address(_) if class != crate::domain::table::Class::Credentials => state.limits.anonymous(),
        _ => state.limits.of(class),
    };
    let (verdict, failure) = state.limiter.count(subject, class, budget).await;
    match verdict {
        Verdict::Allowed(Some(allowance)) => Ok(Some(allowance)),
        Verdict::Allowed(None) => {
            state.metrics.uncounted(class, failure.as_ref());
            Ok(None)
        }
        Verdict::Refused(allowance) => {
            state.metrics.refused(class);
            Err(ApiError::rate_limited(allowance.retry_after))
        }
        Verdict::Uncountable => {
            state.metrics.uncounted(class, failure.as_ref());
            Err(ApiError::new(
                ErrorKind::ServiceUnavailable,
                "Signing in is paused while attempts cannot be counted; try again shortly.",
            ))
        }
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
