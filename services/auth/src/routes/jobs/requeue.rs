//! `POST /auth/jobs/{job_id}/requeue`.

use actix_web::web::Data;
use colink_auth::RealmAdmin;
use colink_core::id::JobId;
use colink_events::users::JobRequeued;
use colink_http::{ApiError, ApiResult, Failure, Path, Reply, Success};
use colink_jobs::JobStatus;
use colink_runtime::Service;

use crate::Auth;
use crate::error::AuthError;
use crate::state::State;

/// Queue a dead job again
///
/// For administrators of the installation: the job gets a new set of attempts, the first at once.
#[utoipa::path(
    post,
    path = "/auth/jobs/{job_id}/requeue",
    operation_id = "requeue_auth_job",
    tag = "jobs",
    params(("job_id" = JobId, Path, description = "The job.")),
    responses(
        (status = 200, description = "The job as it stands now.", body = Success<JobStatus>),
        (status = 409, description = "CONFLICT: it is not dead, or another one does the same", body = Failure),
    )
)]
pub(crate) async fn requeue_auth_job(
    state: Data<State>,
    RealmAdmin(caller): RealmAdmin,
    Path(job_id): Path<JobId>,
) -> ApiResult<Reply<JobStatus>> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let known = colink_jobs::status(&mut *transaction, job_id).await.map_err(AuthError::from)?;
    let kind = known.ok_or_else(|| ApiError::not_found("job"))?.kind;
    if !colink_jobs::requeue(&mut *transaction, job_id, now).await.map_err(AuthError::from)? {
        return Err(ApiError::conflict("The job is not dead, or another one does the same."));
    }
    let (user_id, service) = (caller.user_id(), Auth::NAME.to_owned());
    let event = JobRequeued { user_id, service, job_id, kind, at: now.into() };
    state.emit(&mut transaction, &event, &caller.cause()).await?;
    let job = colink_jobs::status(&mut *transaction, job_id).await.map_err(AuthError::from)?;
    state.commit(transaction).await?;
    Ok(Reply::ok(job.ok_or_else(|| ApiError::internal("a job that was queued again is gone"))?))
}
