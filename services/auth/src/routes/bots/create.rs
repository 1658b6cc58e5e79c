//! `POST /auth/bots`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_core::text::{Description, DisplayName, Username};
use colink_events::users::{BotCreated, UserRegistered};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiError, ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::View;
use crate::api_keys::error::ApiKeyError;
use crate::config::api_keys::Creators;
use crate::error::AuthError;
use crate::state::State;
use crate::store::bots::{self, NewBot};
use crate::store::usernames;
use crate::store::users::{self, User};

/// The bot that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateBot)]
pub(crate) struct Request {
    /// The name to be mentioned by; unique among users and bots.
    #[serde(default)]
    #[schema(value_type = Username)]
    username: String,
    /// The name to be shown by.
    #[serde(default)]
    #[schema(value_type = DisplayName)]
    display_name: String,
    /// What it does.
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
}

/// Make a bot
///
/// It belongs to the caller. An administrator of a workspace that the caller is in brings it in
/// (`POST /workspaces/{workspace_id}/members`).
#[utoipa::path(
    post,
    path = "/auth/bots",
    operation_id = "create_bot",
    tag = "bots",
    request_body(content = Request, example = json!({
        "username": "deploybot", "display_name": "Deploy bot", "description": "Tells the team what was deployed."
    })),
    responses((status = 201, description = "Made.", body = Success<View>))
)]
pub(crate) async fn create_bot(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<View>> {
    let (username, display_name, description) = all((
        field("username", Username::parse(&request.username)),
        field("display_name", DisplayName::parse(&request.display_name)),
        optional("description", request.description, |text| Description::parse(&text)),
    ))?;
    if state.bots.creators == Creators::Admins && !caller.realm_admin() {
        return Err(ApiError::forbidden("Only administrators of the installation may make bots."));
    }
    let (now, id) = (state.clock.now(), UserId::generate(state.clock.as_ref()));
    let mut transaction = state.begin().await?;
    let owner = users::lock(&mut transaction, caller.user_id()).await?;
    owner.filter(User::is_open).ok_or(AuthError::UserGone)?;
    let most = state.bots.max_per_owner;
    if bots::count(&mut *transaction, Some(caller.user_id())).await? >= i64::from(most) {
        return Err(ApiKeyError::TooManyBots(most).into());
    }
    if !usernames::insert(&mut transaction, &username).await? {
        return Err(AuthError::UsernameTaken.into());
    }
    let new = NewBot {
        id,
        owner_id: caller.user_id(),
        username: &username,
        display_name: &display_name,
        description: description.as_ref().map(Description::as_str),
        now,
    };
    let bot = bots::insert(&mut transaction, &new).await?;
    let cause = caller.cause();
    state.emit(&mut transaction, &UserRegistered(bot.payload(now.into())), &cause).await?;
    let event = BotCreated { user_id: id, owner_id: caller.user_id(), at: now.into() };
    state.emit(&mut transaction, &event, &cause).await?;
    state.commit(transaction).await?;
    Ok(Reply::created(bot.into()))
}
