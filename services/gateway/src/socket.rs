//! `/ws`: a socket, tunnelled to a presence node as raw bytes.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use colink_core::error::ErrorKind;
use colink_http::context::RequestContext;
use colink_http::{ApiError, ApiResult};

use crate::access::{Admission, admit, refusal};
use crate::domain::table::{Class, Upstream};
use crate::limits::Subject;
use crate::state::State;
use crate::tunnel::{TunnelError, Upgrade, open};

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
    let counted = admit(&state, Class::Socket, Subject::Address(context.ip())).await?;
    if let Admission::Refused(allowance) = counted {
        return Ok(refusal(&state, Class::Socket, allowance));
    }
    let _admitted = state.upstreams.admit(Upstream::Presence)?;
    let upgrade = Upgrade {
        request: &request,
        authority: state.upstreams.authority(Upstream::Presence),
        context: &context,
    };
    let opened =
        open(upgrade, payload, state.upstreams.deadline(), state.soft.clone(), state.metrics.tunnels()).await;
    match opened.as_ref().err().and_then(TunnelError::outage) {
        None => state.upstreams.answered(Upstream::Presence),
        Some(outcome) => state.upstreams.failed(Upstream::Presence, outcome),
    }
    Ok(opened?)
}
