//! `PATCH /users/me`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_http::etag::IfMatch;
use colink_http::{ApiResult, Body, Failure, Reply, Success};

use super::Profile;
use crate::profile_change::{Changes, change};
use crate::state::State;

/// Change my profile
///
/// Fields that are left out stay as they are, null takes a value away; `PUT` and `PATCH` are the same. With `If-Match` only the version
/// that was read is changed.
#[utoipa::path(
    patch,
    path = "/users/me",
    operation_id = "patch_profile",
    tag = "users",
    request_body(content = Changes, example = json!({"display_name": "Ada King", "time_zone": "Europe/London", "bio": null})),
    responses(
        (status = 200, description = "The profile as it is now.", body = Success<Profile>),
        (status = 412, description = "PRECONDITION_FAILED", body = Failure),
    )
)]
pub(crate) async fn patch_profile(
    state: Data<State>,
    caller: Scoped<needs::UsersWrite>,
    expected: IfMatch,
    Body(changes): Body<Changes>,
) -> ApiResult<Reply<Profile>> {
    change(&state, &caller, &expected, changes).await
}
