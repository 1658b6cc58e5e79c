//! `PATCH /auth/sessions/{session_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::SessionId;
use colink_core::text::one_line;
use colink_http::validate::{all, field};
use colink_http::{ApiError, ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DEVICE_NAME_MAX, View};
use crate::error::AuthError;
use crate::state::State;
use crate::store::sessions;

/// What the owner calls it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RenameSession)]
pub(crate) struct Request {
    /// The new name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80)]
    device_name: String,
}

/// Name one of my sessions
#[utoipa::path(
    patch,
    path = "/auth/sessions/{session_id}",
    operation_id = "rename_session",
    tag = "sessions",
    params(("session_id" = SessionId, Path, description = "The session.")),
    request_body(content = Request, example = json!({"device_name": "Kitchen tablet"})),
    responses((status = 200, description = "The session as it is now.", body = Success<View>))
)]
pub(crate) async fn rename_session(
    state: Data<State>,
    caller: Caller,
    Path(session_id): Path<SessionId>,
    Body(request): Body<Request>,
) -> ApiResult<Reply<View>> {
    let (name,) = all((field("device_name", one_line(&request.device_name, 1..=DEVICE_NAME_MAX)),))?;
    let (user_id, now) = (caller.user_id(), state.clock.now());
    let renamed = sessions::update_device_name(&state.pool, user_id, session_id, &name, now).await;
    let renamed = renamed.map_err(AuthError::from)?.ok_or_else(|| ApiError::not_found("session"))?;
    Ok(Reply::ok(View::of(renamed, caller.session_id())))
}
