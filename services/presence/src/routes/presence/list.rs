//! `GET /presence?user_ids=`: how users are seen now.

use std::sync::Arc;

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::Invalid;
use colink_core::id::UserId;
use colink_http::{ApiError, ApiResult, Query, Reply};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::status::Status;
use crate::state::State;
use crate::store::devices::Seen;

/// Users asked for at once.
const LIMIT: usize = 100;

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPresence {
    /// Up to 100 user ids, separated by commas.
    #[serde(default)]
    #[param(example = "0197a1de-0000-7000-8000-000000000001")]
    user_ids: String,
}

/// A user's presence.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPresence {
    /// The user.
    user_id: UserId,
    /// Over all his devices; `offline` also for whoever shares no workspace with the caller that is open to his session.
    status: Status,
}

/// The users in the order asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresenceList {
    /// One for each id.
    items: Vec<UserPresence>,
}

/// Lists how users are seen now.
#[utoipa::path(
    get, path = "/presence", operation_id = "list_presence", tag = "presence", params(ListPresence),
    responses((status = 200, description = "One entry for each id", body = PresenceList))
)]
pub async fn list_presence(
    state: Data<Arc<State>>,
    caller: Scoped<needs::UsersRead>,
    Query(query): Query<ListPresence>,
) -> ApiResult<Reply<PresenceList>> {
    let users = parse(&query.user_ids)?;
    let mine = state.peers.workspaces(caller.user_id(), caller.has_second_factor()).await?;
    let seen = state.devices.seen_all(&users).await?;
    let status_of = |user: UserId, seen: Seen| {
        let known = user == caller.user_id() || seen.workspaces.iter().any(|one| mine.contains(one));
        if known { seen.status } else { Status::Offline }
    };
    let items = users.into_iter().zip(seen);
    let items = items.map(|(user_id, seen)| UserPresence { user_id, status: status_of(user_id, seen) });
    Ok(Reply::ok(PresenceList { items: items.collect() }))
}

fn parse(user_ids: &str) -> ApiResult<Vec<UserId>> {
    let refused = |reason: &str| ApiError::invalid("user_ids", Invalid::new(reason.to_owned()));
    let ids: Result<Vec<UserId>, _> =
        user_ids.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    match ids {
        Ok(ids) if ids.is_empty() => Err(refused("is required: user ids separated by commas")),
        Ok(ids) if ids.len() > LIMIT => Err(refused("names more than 100 users; ask in parts")),
        Ok(ids) => Ok(ids),
        Err(_not_an_id) => Err(refused("must be user ids separated by commas")),
    }
}
