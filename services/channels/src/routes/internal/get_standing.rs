//! `GET /internal/channels/{channel_id}/standing/{user_id}`: what a user is with regard to a channel, as of now.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{ChannelId, UserId};
use colink_http::{ApiResult, Path as PathParam, Reply};

use crate::error::Error;
use crate::state::State;
use crate::store::standing::{self, ChannelStanding};

/// 404 when there is no such channel or its workspace is deleted.
pub(crate) async fn get_standing(
    state: Data<State>,
    _: InternalCaller,
    PathParam((channel, user)): PathParam<(ChannelId, UserId)>,
) -> ApiResult<Reply<ChannelStanding>> {
    let standing = standing::lookup(&state.pool, channel, user).await?;
    Ok(Reply::ok(standing.ok_or(Error::NotFound("channel"))?))
}
