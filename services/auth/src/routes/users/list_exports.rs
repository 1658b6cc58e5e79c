//! `GET /users/me/exports`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::ExportView;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports;

/// The exports that are not deleted yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportList {
    items: Vec<ExportView>,
}

/// List the exports of my data
///
/// The newest first, without links: ask for one of them.
#[utoipa::path(
    get,
    path = "/users/me/exports",
    operation_id = "list_exports",
    tag = "users",
    responses((status = 200, description = "The exports that are not deleted yet.", body = Success<ExportList>))
)]
pub(crate) async fn list_exports(state: Data<State>, caller: Caller) -> ApiResult<Reply<ExportList>> {
    let now = state.clock.now();
    let exports = exports::list(&state.pool, caller.user_id()).await.map_err(AuthError::from)?;
    let kept = exports.iter().filter(|export| export.expires_at > now);
    let items = kept.map(ExportView::of).collect();
    Ok(Reply::ok(ExportList { items }))
}
