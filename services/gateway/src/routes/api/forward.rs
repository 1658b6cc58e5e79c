//! `/api/*`: every call of a service's API.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use awc::Client;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use crate::access::{admit, subject};
use crate::domain::table::find;
use crate::limits::Allowance;
use crate::proxy::{Call, forward};
use crate::state::State;

/// Finds the owner, checks the token, counts the call, and passes it on.
pub async fn forward_call(
    state: Data<Arc<State>>,
    client: Data<Client>,
    request: HttpRequest,
    context: RequestContext,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let path = request.path();
    let path = path.strip_prefix("/api").unwrap_or(path);
    let route = find(path).ok_or_else(|| ApiError::not_found("path"))?;
    let subject = subject(&state, route, &request, &context).await?;
    let allowance = admit(&state, route, &request, subject).await?;
    let call = Call {
        request: &request,
        upstream: route.upstream,
        path,
        context: &context,
        body_limit: state.body_limit,
    };
    let mut response = forward(&client, &state.upstreams, &call, payload).await?;
    if let Some(allowance) = allowance {
        tell(&mut response, allowance);
    }
    Ok(response)
}

/// The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-07.
fn tell(response: &mut HttpResponse, allowance: Allowance) {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("ratelimit-limit"), HeaderValue::from(allowance.limit));
    headers.insert(HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(allowance.remaining));
    let reset = allowance.reset.as_millis().div_ceil(1000);
    headers.insert(
        HeaderName::from_static("ratelimit-reset"),
        HeaderValue::from(u64::try_from(reset).unwrap_or(u64::MAX)),
    );
}
