//! `DELETE /reactions/{reaction_id}` (M-7).

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::{ReactionId, UserId};
use colink_core::permission::Action;
use colink_http::{ApiResult, Path, Reply};

use crate::error::Error;
use crate::routes::messages::locate_live;
use crate::routes::reactions::take_back;
use crate::state::State;
use crate::store::reactions;

/// Takes one's own reaction back by its id.
#[utoipa::path(
    delete,
    path = "/reactions/{reaction_id}",
    operation_id = "remove_reaction_by_id",
    tag = "reactions",
    params(("reaction_id" = ReactionId, Path)),
    responses((status = 204, description = "Taken back"))
)]
pub(crate) async fn remove_reaction_by_id(
    state: Data<State>,
    caller: Scoped<needs::MessagesWrite>,
    Path(id): Path<ReactionId>,
) -> ApiResult<Reply<()>> {
    let reaction = reactions::lookup(&state.pool, id).await?.ok_or(Error::NotFound("reaction"))?;
    let message_id = reaction.message_id.into();
    if UserId::from(reaction.user_id) != caller.user_id() {
        // Whoever may not see the message is told what he is told of any id.
        let seen = locate_live(&state, &caller, message_id, Action::ReadMessages).await;
        seen.map_err(|error| match error {
            Error::NotFound(_) => Error::NotFound("reaction"),
            other => other,
        })?;
        return Err(Error::NotAuthor.into());
    }
    take_back(&state, &caller, message_id, &reaction.emoji).await?;
    Ok(Reply::no_content())
}
