//! `GET /users/{user_id}`.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::id::UserId;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::State;
use crate::store::users;

/// A user as others see him.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Summary {
    id: UserId,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "Ada Lovelace")]
    display_name: String,
    avatar_url: Option<String>,
}

/// Get a user
///
/// Everybody who is signed in may look up a verified user by id.
#[utoipa::path(
    get,
    path = "/users/{user_id}",
    operation_id = "get_user",
    tag = "users",
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 200, description = "The public part of the profile.", body = Success<Summary>))
)]
pub(crate) async fn get_user(
    state: Data<State>,
    _caller: Scoped<needs::UsersRead>,
    Path(user_id): Path<UserId>,
) -> ApiResult<Reply<Summary>> {
    let user = users::lookup(&state.pool, user_id).await?;
    let user = user.filter(|user| user.email_verified_at.is_some());
    let user = user.ok_or_else(|| ApiError::not_found("user"))?;
    let summary = Summary {
        id: user.id(),
        username: user.username,
        display_name: user.display_name,
        avatar_url: user.avatar_url,
    };
    Ok(Reply::ok(summary).with_body_etag())
}
