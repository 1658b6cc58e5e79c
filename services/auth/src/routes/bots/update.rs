//! `PATCH /auth/bots/{bot_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::UserId;
use colink_core::text::{Description, DisplayName};
use colink_events::users::UserUpdated;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, Body, Path, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{View, own};
use crate::api_keys::error::ApiKeyError;
use crate::error::AuthError;
use crate::state::State;
use crate::store::bots;
use crate::store::users::{self, User};

/// What changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateBot)]
pub(crate) struct Changes {
    #[schema(value_type = Option<DisplayName>)]
    display_name: Option<String>,
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
}

/// Change one of my bots
#[utoipa::path(
    patch,
    path = "/auth/bots/{bot_id}",
    operation_id = "update_bot",
    tag = "bots",
    params(("bot_id" = UserId, Path, description = "The bot.")),
    request_body(content = Changes, example = json!({ "display_name": "Release bot" })),
    responses((status = 200, description = "The bot as it is now.", body = Success<View>))
)]
pub(crate) async fn update_bot(
    state: Data<State>,
    caller: Caller,
    Path(id): Path<UserId>,
    Body(changes): Body<Changes>,
) -> ApiResult<Reply<View>> {
    let (display_name, description) = all((
        optional("display_name", changes.display_name, |name| DisplayName::parse(&name)),
        optional("description", changes.description, |text| Description::parse(&text)),
    ))?;
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let before = bots::lock(&mut transaction, id).await?.ok_or(ApiKeyError::NoBot)?;
    own(&mut *transaction, &caller, id).await?;
    // Whoever closes his account locks his bots too: after the lock it is known whether he has.
    let owner = users::lookup(&mut *transaction, caller.user_id()).await?;
    owner.filter(User::is_open).ok_or(AuthError::UserGone)?;
    let description = description.as_ref().map(Description::as_str);
    bots::update(&mut transaction, id, display_name.as_ref(), description, now).await?;
    let bot = bots::lookup(&mut *transaction, id).await?.ok_or(ApiKeyError::NoBot)?;
    if bot.user.version != before.user.version {
        state.emit(&mut transaction, &UserUpdated(bot.payload(now.into())), &caller.cause()).await?;
    }
    state.commit(transaction).await?;
    Ok(Reply::ok(bot.into()))
}
