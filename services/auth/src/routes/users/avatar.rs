//! `GET /users/{user_id}/avatar`.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use colink_core::id::UserId;
use colink_http::{ApiError, ApiResult, Failure, Path, Query};
use serde::Deserialize;

use crate::domain::profile::avatar_url;
use crate::error::AuthError;
use crate::state::State;
use crate::store::profiles;

const KEY_MAX: usize = 64;

/// Which picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Picture {
    v: Option<String>,
}

/// Load a picture
///
/// Needs no token, because an image element of a page sends none: whoever has the address, whose key nobody can guess,
/// was shown the profile. The answer leads to the storage and may be kept for as long as it says.
#[utoipa::path(
    get,
    path = "/users/{user_id}/avatar",
    operation_id = "get_avatar",
    tag = "users",
    security(()),
    params(
        ("user_id" = UserId, Path, description = "Whose picture."),
        ("v" = Option<String>, Query, description = "The key in `avatar_url`."),
    ),
    responses(
        (status = 302, description = "The picture is at `Location`."),
        (status = 404, description = "NOT_FOUND: there is no such picture, or not any more", body = Failure),
    )
)]
pub(crate) async fn get_avatar(
    state: Data<State>,
    Path(user_id): Path<UserId>,
    Query(picture): Query<Picture>,
) -> ApiResult<HttpResponse> {
    let missing = || ApiError::not_found("picture");
    let key = picture.v.filter(|key| key.len() <= KEY_MAX).ok_or_else(missing)?;
    let url = avatar_url(user_id, &key);
    let file = profiles::find_avatar(&state.pool, user_id, &url).await.map_err(AuthError::from)?;
    let link = state.peers.avatar_link(file.ok_or_else(missing)?).await?.ok_or_else(missing)?;
    // Kept only for half as long as the link holds, so that a picture can still be fetched at the end.
    let caching = format!("private, max-age={}", link.expires_in_s / 2);
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, link.url))
        .insert_header((header::CACHE_CONTROL, caching))
        .finish())
}
