//! `GET /users/me/exports/{export_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ExportId;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};

use super::ExportView;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports;

/// Get an export of my data
#[utoipa::path(
    get,
    path = "/users/me/exports/{export_id}",
    operation_id = "get_export",
    tag = "users",
    params(("export_id" = ExportId, Path, description = "The export.")),
    responses((status = 200, description = "How far it is, and where the archive is.", body = Success<ExportView>))
)]
pub(crate) async fn get_export(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<ExportId>,
) -> ApiResult<Reply<ExportView>> {
    let now = state.clock.now();
    let export = exports::lookup(&state.pool, caller.user_id(), id).await.map_err(AuthError::from)?;
    let export = export.filter(|export| export.expires_at > now);
    let export = export.ok_or_else(|| ApiError::not_found("export"))?;
    Ok(Reply::ok(ExportView::of(&state, &export).await?))
}
