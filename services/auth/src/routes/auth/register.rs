//! `POST /auth/register`.
//!
//! Answer, work and the name that is taken are the same whether the address has an account or not; only the
//! mail differs, and that is read by the address's owner alone.
//!
//! Until an address is proven anybody may have registered with it, so a registration's names and password wait with its
//! own link: the account gets those of the link that is used, and an attacker who was here first gains nothing.

use std::time::Duration;

use actix_web::web::Data;
use colink_core::id::UserId;
use colink_core::text::{DisplayName, Email, Username};
use colink_events::users::UserRegistered;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{MailOnItsWay, queue_verification};
use crate::domain::letter::Template;
use crate::domain::password::Password;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::mail;
use crate::state::State;
use crate::store::{registrations, usernames, users};

/// How long a registration with a known address holds its username: as long as a new account would wait for its
/// verification.
pub(super) const HELD: Duration = Duration::from_secs(86_400);

/// Who wants to join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Where the verification mail goes.
    #[serde(default)]
    #[schema(value_type = Email)]
    email: String,
    /// The name to be mentioned by; unique.
    #[serde(default)]
    #[schema(value_type = Username)]
    username: String,
    /// The name to be shown by.
    #[serde(default)]
    #[schema(value_type = DisplayName)]
    display_name: String,
    /// At least 8 characters with an upper case letter, a digit and a special character.
    #[serde(default)]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
}

struct Registration {
    email: Email,
    username: Username,
    display_name: DisplayName,
    password_hash: String,
}

/// Create an account
///
/// A mail with a link is sent to the address. The answer is the same when the address has an account already;
/// its owner is told by mail.
#[utoipa::path(
    post,
    path = "/auth/register",
    operation_id = "register_user",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({
        "email": "ada@example.com", "username": "ada", "display_name": "Ada Lovelace", "password": "Gr4phite!pencil"
    })),
    responses((status = 201, description = "A mail is on its way.", body = Success<MailOnItsWay>))
)]
pub(crate) async fn register_user(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<MailOnItsWay>> {
    let (email, username, display_name, password) = all((
        field("email", Email::parse(&request.email)),
        field("username", Username::parse(&request.username)),
        field("display_name", DisplayName::parse(&request.display_name)),
        field("password", Password::chosen(&request.password, state.password_policy)),
    ))?;
    state.limits.take(Limit::Register, &Subject::client(&context)).await?;
    state.limits.take(Limit::MailAddress, &Subject::address(&email)).await?;

    let password_hash = state.passwords.turn().await?.hash(&password).await?;

    let registration = Registration { email, username, display_name, password_hash };
    let mut transaction = state.begin().await?;
    let outcome = create_or_tell(&state, &mut transaction, &registration, &context).await?;
    state.commit(transaction).await?;
    state.metrics.registered(outcome);
    Ok(Reply::created(MailOnItsWay::SENT))
}

async fn create_or_tell(
    state: &State,
    transaction: &mut PgConnection,
    registration: &Registration,
    context: &RequestContext,
) -> Result<&'static str, AuthError> {
    let Registration { email, username, display_name, password_hash } = registration;
    let (now, id) = (state.clock.now(), UserId::generate(state.clock.as_ref()));
    if !usernames::insert(transaction, username, now).await? {
        return Err(AuthError::UsernameTaken);
    }
    let new = users::NewUser { id, email, username, display_name, password_hash, now };
    if let Some(user) = users::insert(transaction, &new).await? {
        let event = UserRegistered(user.payload(now.into()));
        state.emit(transaction, &event, &context.cause(Some(id), None)).await?;
        let pending = registrations::insert(transaction, &new.registration(id)).await?;
        queue_verification(state, transaction, id, pending, context).await?;
        return Ok("created");
    }
    // It cannot be gone: the insert has just met it, and accounts are never deleted.
    let Some(user) = users::lock_by_email(transaction, email).await? else { return Ok("known") };
    let mut pending = None;
    if user.email_verified_at.is_some() {
        let cause = context.cause(Some(user.id()), None);
        mail::queue(state, transaction, user.id(), Template::AlreadyRegistered, &cause).await?;
    } else {
        let registration = registrations::insert(transaction, &new.registration(user.id())).await?;
        queue_verification(state, transaction, user.id(), registration, context).await?;
        pending = Some(registration);
    }
    usernames::update_held(transaction, username.as_str(), pending, now + HELD).await?;
    Ok("known")
}
