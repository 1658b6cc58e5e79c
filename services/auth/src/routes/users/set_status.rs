//! `POST /users/me/status`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::error::FieldError;
use colink_core::text::Emoji;
use colink_core::time::Timestamp;
use colink_events::users::{UserStatus, UserUpdated};
use colink_http::validate::{all, optional, require};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Profile;
use crate::domain::profile::{status_end, status_text};
use crate::error::AuthError;
use crate::state::State;
use crate::store::profiles;

/// A text, an emoji, or both; it ends at a moment, after a while, or not by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetStatus)]
pub(crate) struct Request {
    #[schema(max_length = 100)]
    text: Option<String>,
    #[schema(value_type = Option<Emoji>)]
    emoji: Option<String>,
    /// The end; in the future, and at most 366 days away.
    expires_at: Option<Timestamp>,
    /// The same as a number of seconds from now.
    #[schema(minimum = 1, maximum = 31_622_400)]
    expires_in_s: Option<i64>,
}

/// Set my status
///
/// It replaces the one before. Others see it until it ends or is taken away.
#[utoipa::path(
    post,
    path = "/users/me/status",
    operation_id = "set_status",
    tag = "users",
    request_body(content = Request, example = json!({"text": "In a meeting", "emoji": "📅", "expires_in_s": 3600})),
    responses((status = 200, description = "The profile as it is now.", body = Success<Profile>))
)]
pub(crate) async fn set_status(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Profile>> {
    let now = state.clock.now();
    let status = check(request, now)?;
    let mut transaction = state.begin().await?;
    let user = super::lock(&mut transaction, caller.user_id()).await?;
    if user.profile.status(now).as_ref() == Some(&status) {
        return Ok(Profile::reply(&user, now));
    }
    let changed = profiles::update_status(&mut transaction, user.id(), Some(&status), now).await;
    let user = changed.map_err(AuthError::from)?;
    state.emit(&mut transaction, &UserUpdated(user.payload(now.into())), &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Profile::reply(&user, now))
}

fn check(request: Request, now: chrono::DateTime<chrono::Utc>) -> ApiResult<UserStatus> {
    let Request { text, emoji, expires_at, expires_in_s } = request;
    // Empty is absent: clients send both fields of their form.
    let (text, emoji) = (given(text), given(emoji));
    let something = text.is_some() || emoji.is_some();
    let (text, emoji, expires_at, ()) = all((
        optional("text", text, |text| status_text(&text)),
        optional("emoji", emoji, |emoji| Emoji::parse(&emoji)),
        end(expires_at, expires_in_s, now),
        require("text", something, "is required when there is no emoji: DELETE takes a status away"),
    ))?;
    Ok(UserStatus { text, emoji: emoji.map(|emoji| emoji.as_str().to_owned()), expires_at })
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn end(
    at: Option<Timestamp>,
    after_s: Option<i64>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<Timestamp>, FieldError> {
    Ok(status_end(at.map(|at| at.as_datetime()), after_s, now)?.map(Timestamp::from))
}
