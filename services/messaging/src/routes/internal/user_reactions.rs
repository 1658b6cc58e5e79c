//! `GET /internal/users/{user_id}/reactions?after=`: how a user reacted, for the export of his data.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::{MessageId, ReactionId, UserId};
use colink_core::time::Timestamp;
use colink_http::{ApiResult, Path, Query, Reply};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::state::State;
use crate::store::written::{self, Reacted};

const LIMIT: i64 = 1_000;

/// Behind which reaction.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    after: Option<ReactionId>,
}

#[derive(Debug, Serialize)]
struct ReactedView {
    message_id: MessageId,
    emoji: String,
    created_at: Timestamp,
}

impl From<Reacted> for ReactedView {
    fn from(row: Reacted) -> Self {
        Self { message_id: row.message_id.into(), emoji: row.emoji, created_at: row.created_at.into() }
    }
}

/// Up to 1,000 reactions, the first one first.
#[derive(Debug, Serialize)]
pub(crate) struct UserReactions {
    reactions: Vec<ReactedView>,
    /// Where to go on; none at the end.
    next_after: Option<ReactionId>,
}

/// An unknown user has reacted to nothing.
pub(crate) async fn list_user_reactions(
    state: Data<State>,
    _: InternalCaller,
    Path(user): Path<UserId>,
    Query(After { after }): Query<After>,
) -> ApiResult<Reply<UserReactions>> {
    let rows = written::list_reactions(&state.pool, user, after, LIMIT).await.map_err(Error::from)?;
    let full = i64::try_from(rows.len()).is_ok_and(|found| found == LIMIT);
    let next_after = rows.last().filter(|_| full).map(|last| last.id.into());
    Ok(Reply::ok(UserReactions { reactions: rows.into_iter().map(ReactedView::from).collect(), next_after }))
}
