//! `GET /admin/audit-log/{id}` (D-3).

use actix_web::web::Data;
use colink_auth::RealmAdminOrKey;
use colink_core::id::EventId;
use colink_http::{ApiResult, Path, Reply, Success};

use crate::error::AuditError;
use crate::routes::audit_log::AuditEntry;
use crate::state::State;

/// Gets the entry of one event.
#[utoipa::path(
    get, path = "/admin/audit-log/{id}", operation_id = "get_audit_entry", tag = "audit log",
    params(("id" = EventId, Path, description = "The id of the event")),
    responses((status = 200, description = "The entry", body = Success<AuditEntry>))
)]
pub(crate) async fn get_audit_entry(
    RealmAdminOrKey(admin): RealmAdminOrKey,
    state: Data<State>,
    Path(id): Path<EventId>,
) -> ApiResult<Reply<AuditEntry>> {
    state.metrics.read(admin.user_id());
    let found = state.log.lookup(id).await.map_err(AuditError::from)?;
    let entry = found.ok_or(AuditError::NoEntry)?;
    Ok(Reply::ok(AuditEntry::from(entry)).with_body_etag())
}
