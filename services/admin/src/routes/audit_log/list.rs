//! `GET /admin/audit-log` (D-3).

use actix_web::web::Data;
use colink_auth::RealmAdminOrKey;
use colink_core::error::FieldError;
use colink_core::id::{UserId, WorkspaceId};
use colink_core::page::{TablePage, TableQuery};
use colink_core::time::Timestamp;
use colink_http::validate::{Fields, field, optional};
use colink_http::{ApiError, ApiResult, Query, Reply, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::search::{Filter, Order, action, resource_id};
use crate::error::AuditError;
use crate::routes::audit_log::AuditEntry;
use crate::state::State;

/// Which entries; all conditions hold at once.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListAuditLog {
    /// Done by this user. What was done to him is found by `resource_id`.
    #[param(value_type = Option<UserId>)]
    user_id: Option<String>,
    /// The type of the event.
    #[param(example = "member.removed", max_length = 64)]
    action: Option<String>,
    /// At this time or later.
    #[param(value_type = Option<Timestamp>)]
    from: Option<String>,
    /// Before this time.
    #[param(value_type = Option<Timestamp>)]
    to: Option<String>,
    /// In this workspace.
    #[param(value_type = Option<WorkspaceId>)]
    workspace_id: Option<String>,
    /// Done to this thing: a message, channel, user, file, …
    #[param(max_length = 128)]
    resource_id: Option<String>,
    /// `at` or `-at`; newest first when left out.
    #[param(example = "-at")]
    sort: Option<String>,
    /// From 1.
    #[param(minimum = 1, default = 1)]
    page: Option<u32>,
    /// 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

/// Lists the audit log. Of a search that finds very much only the first part (10,000 entries unless configured
/// otherwise) is counted and can be paged through: `total` then is that number. Narrow it by `from` and `to`.
#[utoipa::path(
    get, path = "/admin/audit-log", operation_id = "list_audit_log", tag = "audit log", params(ListAuditLog),
    responses((status = 200, description = "One page", body = Success<TablePage<AuditEntry>>))
)]
pub(crate) async fn list_audit_log(
    RealmAdminOrKey(admin): RealmAdminOrKey,
    state: Data<State>,
    Query(query): Query<ListAuditLog>,
) -> ApiResult<Reply<TablePage<AuditEntry>>> {
    let (filter, order, table) = checked(&query, state.window)?;

    state.metrics.read(admin.user_id());
    let entries = state.log.list(&filter, order, table).await.map_err(AuditError::from)?;
    let count = async {
        let total = state.log.count(&filter, state.window).await?;
        Ok::<_, AuditError>(i64::try_from(total).unwrap_or(i64::MAX))
    };
    Ok(Reply::ok(TablePage::counted(entries, table, count).await?.map(AuditEntry::from)).with_body_etag())
}

fn checked(query: &ListAuditLog, window: u32) -> ApiResult<(Filter, Order, TableQuery)> {
    let from = optional("from", query.from.as_deref(), Timestamp::parse);
    let to = optional("to", query.to.as_deref(), Timestamp::parse);
    let to = later(&from, to);
    let fields = (
        optional("user_id", query.user_id.as_deref(), str::parse::<UserId>),
        optional("action", query.action.as_deref(), action),
        from,
        to,
        optional("workspace_id", query.workspace_id.as_deref(), str::parse::<WorkspaceId>),
        optional("resource_id", query.resource_id.as_deref(), resource_id),
        field("sort", Order::parse(query.sort.as_deref())),
    );
    match (fields.split(), page(query, window)) {
        (Ok((user_id, action, from, to, workspace_id, resource_id, order)), Ok(table)) => {
            Ok((Filter { user_id, action, from, to, workspace_id, resource_id }, order, table))
        }
        (fields, table) => {
            let refused = fields.err().into_iter().chain(table.err()).flatten();
            Err(ApiError::validation(refused.collect()))
        }
    }
}

fn later(
    from: &Result<Option<Timestamp>, FieldError>,
    to: Result<Option<Timestamp>, FieldError>,
) -> Result<Option<Timestamp>, FieldError> {
    match (from, &to) {
        (Ok(Some(from)), Ok(Some(end))) if end <= from => {
            Err(FieldError::new("to", "must be later than from"))
        }
        _ => to,
    }
}

/// Skipping costs the server time, so a page far behind is refused before it is looked for.
fn page(query: &ListAuditLog, window: u32) -> Result<TableQuery, Vec<FieldError>> {
    let table = TableQuery::parse(query.page, query.page_size)?;
    if table.offset().saturating_add(table.limit()) > i64::from(window) {
        let reason = format!("must stay within the first {window} entries: narrow the search by from and to");
        return Err(vec![FieldError::new("page", reason)]);
    }
    Ok(table)
}
