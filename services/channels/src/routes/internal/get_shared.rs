//! `GET /internal/users/{user_id}/shared-with/{other_id}`: whether two users meet anywhere.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_http::{ApiResult, Path as PathParam, Reply};
use serde::Serialize;

use crate::state::State;
use crate::store::fellowships;

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Shared {
    shared: bool,
    /// All that they share are closed to sessions that were not proven by a second factor.
    require_mfa: bool,
}

/// Whether both are members of one workspace now. Users who do not exist share none.
pub(crate) async fn get_shared(
    state: Data<State>,
    _: InternalCaller,
    PathParam((user, other)): PathParam<(UserId, UserId)>,
) -> ApiResult<Reply<Shared>> {
    let closed = fellowships::find_shared(&state.pool, user, other).await?;
    Ok(Reply::ok(Shared { shared: closed.is_some(), require_mfa: closed.unwrap_or(false) }))
}
