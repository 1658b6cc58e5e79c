//! `GET /ws`: opens a socket.

use std::sync::Arc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use colink_http::{ApiError, ApiResult, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::origin_is_allowed;
use crate::domain::frame::MAX_FRAME_BYTES;
use crate::session::{Connection, serve};
use crate::state::State;

/// How a client may say who it is; otherwise its first frame does.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OpenSocket {
    /// An access token. A browser cannot send a header with an upgrade.
    #[serde(default)]
    token: Option<String>,
}

/// Opens a WebSocket that speaks the realtime protocol. A wrong token is answered by close code 4001 after
/// the upgrade, since a browser is not told the status of a refused one.
#[utoipa::path(
    get, path = "/ws", operation_id = "open_socket", tag = "presence", params(OpenSocket),
    responses(
        (status = 101, description = "Frames follow, as described in the realtime protocol"),
        (status = 400, description = "Not a WebSocket upgrade"),
        (status = 403, description = "The page that opens the socket is not on the allow-list"),
    )
)]
pub async fn open_socket(
    state: Data<Arc<State>>,
    request: HttpRequest,
    Query(query): Query<OpenSocket>,
    body: Payload,
) -> ApiResult<HttpResponse> {
    if !origin_is_allowed(&request, &state.settings.allowed_origins) {
        return Err(ApiError::forbidden(
            "This origin may not open a socket: add it to sockets.allowed_origins.",
        ));
    }
    let upgraded = actix_ws::handle(&request, body);
    let (response, session, frames) = upgraded.map_err(|error| {
        ApiError::new(colink_core::error::ErrorKind::InvalidRequest, "Open this URL as a WebSocket.")
            .caused_by(error.to_string())
    })?;
    let frames = frames
        .max_frame_size(MAX_FRAME_BYTES)
        .aggregate_continuations()
        .max_continuation_size(MAX_FRAME_BYTES);
    actix_web::rt::spawn(serve(Arc::clone(&state), Connection { session, frames }, query.token));
    Ok(response)
}
