//! `PATCH /channels/{id}`: the same as `PUT`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_http::etag::IfMatch;
use colink_http::{ApiResult, Body, Failure, Path as PathParam, Reply, Success};

use super::ChannelView;
use super::update::{UpdateChannel, update_channel};
use crate::state::State;

/// The same as `PUT`.
#[utoipa::path(
    patch, path = "/channels/{channel_id}", operation_id = "patch_channel", tag = "channels",
    params(
        ("channel_id" = ChannelId, Path, description = "The channel"),
        ("If-Match" = Option<String>, Header, description = "The tag that the change is based on"),
    ),
    request_body(content = UpdateChannel, example = json!({ "topic": "Release on Friday" })),
    responses(
        (status = 200, description = "The channel after the change", body = Success<ChannelView>),
        (status = 412, description = "PRECONDITION_FAILED", body = Failure),
    )
)]
pub(crate) async fn patch_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    id: PathParam<ChannelId>,
    if_match: IfMatch,
    body: Body<UpdateChannel>,
) -> ApiResult<Reply<ChannelView>> {
    update_channel(state, caller, id, if_match, body).await
}
