//! `/api/*`: every call of a service's API.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};
use futures_util::future::join;

use crate::access::{Admission, Known, begin, counted, identify, refusal, tell, turn_away};
use crate::domain::table::find;
use crate::proxy::{Call, Clients, forward};
use crate::state::State;

/// Finds the owner, checks the token, counts the call, and passes it on.
pub async fn forward_call(
    state: Data<Arc<State>>,
    clients: Data<Clients>,
    request: HttpRequest,
    context: RequestContext,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let path = request.path();
    let path = path.strip_prefix("/api").unwrap_or(path);
    let route = find(path).ok_or_else(|| ApiError::not_found("path"))?;
    let Known { subject, exchanged } = match identify(&state, route, &request, &context).await {
        Ok(known) => known,
        Err(error) => return turn_away(&state, &context, error).await,
    };
    let class = route.class(request.method().as_str());
    let count = begin(&state, class, subject);
    let has_room = count.has_room();
    let counting = counted(&state, count);
    let call = Call {
        request: &request,
        upstream: route.upstream,
        path,
        context: &context,
        exchanged: exchanged.as_ref(),
        body: state.body,
        trust_forwarded: state.trust_forwarded,
    };
    let forwarding = forward(&clients, &state.upstreams, &call, payload);
    let (admission, response) = if has_room {
        join(counting, forwarding).await
    } else {
        match counting.await? {
            Admission::Refused(allowance) => return Ok(refusal(&state, class, allowance)),
            granted => (Ok(granted), forwarding.await),
        }
    };
    let mut response = response?;
    if let Some(allowance) = admission?.allowance() {
        tell(response.headers_mut(), allowance);
    }
    Ok(response)
}
