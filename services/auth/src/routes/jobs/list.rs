//! `GET /auth/jobs`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::page::TablePage;
use colink_http::{ApiError, ApiResult, Query, Reply, Success};
use colink_jobs::{JobStatus, ListJobs};

use crate::error::AuthError;
use crate::state::State;

/// List background jobs
///
/// For administrators of the installation: what waits, runs, was done in the last day or given up in the last two weeks,
/// the newest first, and why it failed. What a job was told to do is not shown.
#[utoipa::path(
    get,
    path = "/auth/jobs",
    operation_id = "list_auth_jobs",
    tag = "jobs",
    params(ListJobs),
    responses((status = 200, description = "One page.", body = Success<TablePage<JobStatus>>))
)]
pub(crate) async fn list_auth_jobs(
    state: Data<State>,
    _: RealmAdmin,
    Query(query): Query<ListJobs>,
) -> ApiResult<Reply<TablePage<JobStatus>>> {
    let (filter, table) = query.check().map_err(ApiError::validation)?;
    let page = colink_jobs::list(&state.pool, &filter, table).await.map_err(AuthError::from)?;
    Ok(Reply::ok(page))
}
