//! `GET /users/me`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_http::{ApiResult, Reply, Success};

use super::{Profile, load};
use crate::state::State;

/// Get my profile
#[utoipa::path(
    get,
    path = "/users/me",
    operation_id = "get_profile",
    tag = "users",
    responses((status = 200, description = "The caller's own profile.", body = Success<Profile>))
)]
pub(crate) async fn get_profile(
    state: Data<State>,
    caller: Scoped<needs::UsersRead>,
) -> ApiResult<Reply<Profile>> {
    Ok(Profile::reply(&load(&state, caller.user_id()).await?, state.clock.now()))
}
