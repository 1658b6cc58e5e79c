//! `/channels/{channel_id}/messages` and `/messages/{message_id}`.

pub(crate) mod delete;
pub(crate) mod edit;
pub(crate) mod edits;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod post;

use colink_auth::Caller;
use colink_core::id::MessageId;
use colink_core::permission::Action;
use colink_http::{ApiError, ApiResult, Reply, etag};

use crate::access::authorise;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::history;
use crate::store::messages::{Place, lookup_place};
use crate::view::MessageView;

/// Finds a message and lets the caller do `action` in its channel. What he may not see reads like what is not there.
///
/// # Errors
/// [`Error::NotFound`], [`Error::NotAllowed`] or [`Error::Archived`].
pub(crate) async fn locate(state: &State, caller: &Caller, id: MessageId, action: Action) -> Result<Place> {
    let place = lookup_place(&state.pool, id).await?.ok_or(Error::NotFound("message"))?;
    authorise(state, caller, place.channel_id, action, "message").await?;
    Ok(place)
}

/// The same for a message that must not be deleted.
///
/// # Errors
/// As [`locate`].
pub(crate) async fn locate_live(
    state: &State,
    caller: &Caller,
    id: MessageId,
    action: Action,
) -> Result<Place> {
    let place = locate(state, caller, id, action).await?;
    if place.deleted { Err(Error::NotFound("message")) } else { Ok(place) }
}

/// The message as the caller sees it, with the tag of its last change.
///
/// # Errors
/// 404 when there is none.
pub(crate) async fn show(state: &State, caller: &Caller, id: MessageId) -> ApiResult<Reply<MessageView>> {
    let shown = history::lookup(&state.pool, caller.user_id(), id).await?;
    let shown = shown.ok_or_else(|| ApiError::not_found("message"))?;
    let tag = etag::of_version(shown.changed_seq);
    Ok(Reply::ok(MessageView::try_from(shown)?).with_etag(tag))
}
