//! `GET /internal/users/{user_id}/sole-ownerships`: the workspaces that would have no owner without him.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Path as PathParam, Reply};
use serde::Serialize;

use crate::state::State;
use crate::store::fellowships::{self, OwnedWorkspace};

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct SoleOwnerships {
    workspaces: Vec<OwnedWorkspace>,
}

/// A workspace in which nobody else is left does not count: nobody misses an owner there.
pub(crate) async fn list_sole_ownerships(
    state: Data<State>,
    _: InternalCaller,
    PathParam(user): PathParam<UserId>,
) -> ApiResult<Reply<SoleOwnerships>> {
    let workspaces = fellowships::list_sole_ownerships(&state.pool, user).await?;
    Ok(Reply::ok(SoleOwnerships { workspaces }))
}
