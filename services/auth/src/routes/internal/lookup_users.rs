//! `POST /internal/users/lookup`: profiles by id, unknown ids left out.

use actix_web::web::Data;
use colink_auth::InternalCaller;
use colink_core::id::UserId;
use colink_http::validate::{all, require};
use colink_http::{ApiResult, Body, Reply};
use serde::{Deserialize, Serialize};

use super::UserView;
use crate::state::State;
use crate::store::users;

const MOST: usize = 200;

/// Whom to look up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    ids: Vec<UserId>,
}

/// Those who exist, in no order.
#[derive(Debug, Serialize)]
pub(crate) struct Users {
    users: Vec<UserView>,
}

pub(crate) async fn lookup_users(
    state: Data<State>,
    _caller: InternalCaller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Users>> {
    all((require("ids", request.ids.len() <= MOST, "must have at most 200 ids: ask several times"),))?;
    let users = users::list(&state.pool, &request.ids).await?;
    Ok(Reply::ok(Users { users: users.into_iter().map(UserView::from).collect() }))
}
