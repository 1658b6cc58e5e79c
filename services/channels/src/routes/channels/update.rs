//! `PUT /channels/{id}`: changes name, topic or description.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::ChannelId;
use colink_core::permission::Action;
use colink_core::text::{ChannelName, Description, Topic};
use colink_events::channels::ChannelUpdated;
use colink_http::etag::IfMatch;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, Body, Failure, Path as PathParam, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ChannelView;
use crate::access::ChannelAccess;
use crate::change::Change;
use crate::state::State;
use crate::store::channels::{self, Channel, ChannelUpdate};

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateChannel {
    /// Its name.
    #[schema(value_type = Option<ChannelName>)]
    name: Option<String>,
    /// What it is about at the moment; an empty text takes it away.
    #[schema(value_type = Option<Topic>)]
    topic: Option<String>,
    /// What it is for; an empty text takes it away.
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
}

/// Changes a channel. `PATCH` does the same.
#[utoipa::path(
    put, path = "/channels/{channel_id}", operation_id = "update_channel", tag = "channels",
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
pub(crate) async fn update_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    PathParam(id): PathParam<ChannelId>,
    if_match: IfMatch,
    Body(request): Body<UpdateChannel>,
) -> ApiResult<Reply<ChannelView>> {
    let (name, topic, description) = all((
        optional("name", request.name, |name| ChannelName::parse(&name)),
        optional("topic", request.topic, |topic| Topic::parse(&topic)),
        optional("description", request.description, |text| Description::parse(&text)),
    ))?;

    let mut change = Change::begin(&state, &caller).await?;
    let mut access = ChannelAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::UpdateChannel)?;
    if_match.check(&super::tag(&access.seated))?;
    let slug = name.as_ref().map(ChannelName::slug);
    let update = ChannelUpdate {
        name: name.as_ref().map(AsRef::as_ref),
        slug: slug.as_ref().map(AsRef::as_ref),
        topic: topic.as_ref().map(AsRef::as_ref),
        description: description.as_ref().map(AsRef::as_ref),
    };
    if differs(&access.seated.channel, &update) {
        let at = change.at();
        access.seated.channel = channels::update(change.connection(), id, &update, at).await?;
        change.emit(&ChannelUpdated { channel: access.seated.channel.payload() }).await?;
    }
    change.audit(permit).await?;
    change.commit().await?;

    let tag = super::tag(&access.seated);
    Ok(Reply::ok(ChannelView::from(access.seated)).with_etag(tag))
}

fn differs(present: &Channel, update: &ChannelUpdate<'_>) -> bool {
    let other = |wanted: Option<&str>, present: Option<&str>| {
        wanted.is_some_and(|wanted| wanted != present.unwrap_or_default())
    };
    other(update.name, Some(&present.name))
        || other(update.topic, present.topic.as_deref())
        || other(update.description, present.description.as_deref())
}
