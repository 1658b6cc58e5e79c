//! `POST /internal/users/by-email`: the profile of an address, or null. A body, so that no address is in a URL.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::text::Email;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply};
use serde::{Deserialize, Serialize};

use super::UserView;
use crate::state::State;
use crate::store::users;

/// Whose address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    #[serde(default)]
    email: String,
}

/// The user, if there is one.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    user: Option<UserView>,
}

pub(crate) async fn find_user_by_email(
    state: Data<State>,
    _caller: InternalCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Found>> {
    let (email,) = all((field("email", Email::parse(&request.email)),))?;
    let user = users::find_by_email(&state.pool, &email).await?;
    Ok(Reply::ok(Found { user: user.map(UserView::from) }))
}
