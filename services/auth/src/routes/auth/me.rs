//! `GET /auth/me`.

use actix_web::web::Data;
use colink_auth::EnrollingCaller;
use colink_core::id::SessionId;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::users::{Profile, load};
use crate::state::State;

/// Who is asking, in which session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CurrentUser)]
pub(crate) struct Me {
    #[serde(flatten)]
    profile: Profile,
    /// The session of the access token.
    session_id: SessionId,
}

/// Who am I?
#[utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "get_me",
    tag = "auth",
    responses((status = 200, description = "The caller.", body = Success<Me>))
)]
pub(crate) async fn get_me(
    state: Data<State>,
    EnrollingCaller(caller): EnrollingCaller,
) -> ApiResult<Reply<Me>> {
    let user = load(&state, caller.user_id()).await?;
    Ok(Reply::ok(Me { profile: Profile::of(&user, state.clock.now()), session_id: caller.session_id() }))
}
