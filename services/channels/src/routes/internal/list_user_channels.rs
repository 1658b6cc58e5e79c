//! `GET /internal/users/{user_id}/channels?workspace_id=`: every channel that a user may read now.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_http::{ApiResult, Path as PathParam, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::access::may_read;
use crate::state::State;
use crate::store::standing::{self, NearChannel};

/// In which workspace; in all of his when left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InWorkspace {
    workspace_id: Option<WorkspaceId>,
}

/// The channels.
#[derive(Debug, Serialize)]
pub(crate) struct ReadableChannels {
    channels: Vec<ReadableChannel>,
}

#[derive(Debug, Serialize)]
struct ReadableChannel {
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    kind: ChannelKind,
    archived: bool,
    member: bool,
    channel_role: Option<ChannelRole>,
    workspace_role: WorkspaceRole,
    /// The workspace is closed to sessions that were not proven by a second factor.
    require_mfa: bool,
}

impl From<NearChannel> for ReadableChannel {
    fn from(near: NearChannel) -> Self {
        let NearChannel { channel_id, workspace_id, kind, archived, workspace_role, channel_role, .. } = near;
        let require_mfa = near.require_mfa;
        let member = channel_role.is_some();
        Self { channel_id, workspace_id, kind, archived, member, channel_role, workspace_role, require_mfa }
    }
}

/// An unknown user may read nothing.
pub(crate) async fn list_user_channels(
    state: Data<State>,
    _: InternalCaller,
    PathParam(user): PathParam<UserId>,
    Query(query): Query<InWorkspace>,
) -> ApiResult<Reply<ReadableChannels>> {
    let near = standing::list_near(&state.pool, user, query.workspace_id).await?;
    let channels = near.into_iter().filter(may_read).map(ReadableChannel::from).collect();
    Ok(Reply::ok(ReadableChannels { channels }))
}
