//! `/ws`: a socket, tunnelled to a presence node as raw bytes.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use crate::domain::table::{Class, Upstream};
use crate::limits::{Subject, Verdict};
use crate::state::State;
use crate::tunnel::{Upgrade, open};

/// Counts the attempt and opens the tunnel. The presence node checks the token: it may come in a frame.
pub async fn tunnel_socket(
    state: Data<Arc<State>>,
    request: HttpRequest,
    context: RequestContext,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if !upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(ApiError::new(ErrorKind::InvalidRequest, "Open this URL as a WebSocket."));
    }
    let counted =
        state.limiter.count(Subject::Address(context.ip()), Class::Read, state.limits.of(Class::Read)).await;
    if let (Verdict::Refused(allowance), _) = counted {
        state.metrics.refused(Class::Read);
        return Err(ApiError::rate_limited(allowance.retry_after));
    }
    state.upstreams.admit(Upstream::Presence)?;
    let upgrade = Upgrade {
        request: &request,
        authority: state.upstreams.authority(Upstream::Presence),
        request_id: context.request_id().as_str(),
        client_ip: context.ip(),
    };
    let opened =
        open(upgrade, payload, state.upstreams.deadline(), state.hard.clone(), state.metrics.tunnels()).await;
    match &opened {
        Ok(_) => state.upstreams.answered(Upstream::Presence),
        Err(error) if error.is_outage() => state.upstreams.failed(Upstream::Presence, "unreachable"),
        Err(_) => {}
    }
    Ok(opened?)
}
