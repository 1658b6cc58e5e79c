//! `GET /users/me/exports/{export_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ExportId;
use colink_core::time::Timestamp;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::{self, Export};

const FILENAME: &str = "colink-export.zip";

/// An export of one's data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportView {
    export_id: ExportId,
    /// `preparing`, `ready` or `failed`.
    #[schema(example = "ready")]
    status: String,
    /// Fetch the archive here, within minutes; ask again for another link.
    download_url: Option<String>,
    created_at: Timestamp,
    /// The archive is deleted then.
    expires_at: Timestamp,
}

impl ExportView {
    pub(super) async fn of(state: &State, export: &Export) -> Result<Self, AuthError> {
        let ready = export.status == exports::READY;
        let download_url = if ready { Some(link(state, export).await?) } else { None };
        Ok(Self {
            export_id: export.id(),
            status: export.status.clone(),
            download_url,
            created_at: export.created_at.into(),
            expires_at: export.expires_at.into(),
        })
    }
}

async fn link(state: &State, export: &Export) -> Result<String, AuthError> {
    let (key, holds) = (&export.object_key, state.exports.link());
    Ok(state.objects.presign_get(key, FILENAME, "application/zip", holds).await?)
}

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
