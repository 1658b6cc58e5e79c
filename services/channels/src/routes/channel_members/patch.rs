//! `PATCH /channels/{id}/members/{user_id}`: the same as `PUT`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{ChannelId, UserId};
use colink_http::{ApiResult, Body, Path as PathParam, Reply, Success};

use super::ChannelMemberView;
use super::update::{UpdateChannelMember, update_channel_member};
use crate::state::State;

/// The same as `PUT`.
#[utoipa::path(
    patch, path = "/channels/{channel_id}/members/{user_id}", operation_id = "patch_channel_member",
    tag = "channel members",
    params(
        ("channel_id" = ChannelId, Path, description = "The channel"),
        ("user_id" = UserId, Path, description = "The member"),
    ),
    request_body(content = UpdateChannelMember, example = json!({ "role": "moderator" })),
    responses((status = 200, description = "The member after the change", body = Success<ChannelMemberView>))
)]
pub(crate) async fn patch_channel_member(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    ids: PathParam<(ChannelId, UserId)>,
    body: Body<UpdateChannelMember>,
) -> ApiResult<Reply<ChannelMemberView>> {
    update_channel_member(state, caller, ids, body).await
}
