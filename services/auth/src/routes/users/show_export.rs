//! `GET /users/me/exports/{export_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::ExportId;
use colink_events::users::ExportOpened;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};

use super::{ExportView, link};
use crate::error::AuthError;
use crate::reauthentication;
use crate::state::State;
use crate::store::exports;

/// Get an export of my data
///
/// One that is ready asks for a fresh proof (`POST /auth/reauthenticate`): the answer opens everything that is kept of the
/// caller.
#[utoipa::path(
    get,
    path = "/users/me/exports/{export_id}",
    operation_id = "get_export",
    tag = "users",
    params(("export_id" = ExportId, Path, description = "The export.")),
    responses(
        (status = 200, description = "How far it is, and where the archive is.", body = Success<ExportView>),
        (status = 403, response = inline(super::super::refusals::Reauthenticate)),
    )
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
    let mut view = ExportView::of(&export);
    if export.status == exports::READY {
        reauthentication::require(&state, &caller).await?;
        view.download_url = Some(link(&state, &export).await?);
        let event = ExportOpened { user_id: caller.user_id(), export_id: id, at: now.into() };
        let mut transaction = state.begin().await?;
        state.emit(&mut transaction, &event, &caller.cause()).await?;
        state.commit(transaction).await?;
    }
    Ok(Reply::ok(view))
}
