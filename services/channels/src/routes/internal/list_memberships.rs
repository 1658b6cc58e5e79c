//! `GET /internal/users/{user_id}/memberships`: where a user is and was, for the export of his data.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Path as PathParam, Reply};
use serde::Serialize;

use crate::state::State;
use crate::store::fellowships::{self, ChannelStay, WorkspaceStay};

/// The answer. Ended memberships are among them.
#[derive(Debug, Serialize)]
pub(crate) struct Memberships {
    workspaces: Vec<WorkspaceStay>,
    channels: Vec<ChannelStay>,
}

/// An unknown user was nowhere.
pub(crate) async fn list_memberships(
    state: Data<State>,
    _: InternalCaller,
    PathParam(user): PathParam<UserId>,
) -> ApiResult<Reply<Memberships>> {
    let workspaces = fellowships::list_workspaces(&state.pool, user).await?;
    let channels = fellowships::list_channels(&state.pool, user).await?;
    Ok(Reply::ok(Memberships { workspaces, channels }))
}
