//! `POST /auth/register`.
//!
//! Answer, work and the name that is taken are the same whether the address has an account or not; only the
//! mail differs, and that is read by the address's owner alone. The name is held for as long as a registration lives, and
//! belongs to somebody only when an address is proven.
//!
//! Until an address is proven anybody may have registered with it, so a registration's names and password wait with its
//! own link: the account gets those of the link that is used, and an attacker who was here first gains nothing. The answer
//! holds a secret by which [`super::verify_email`] knows that the link is used by whoever registered.

use actix_web::http::header;
use actix_web::web::Data;
use colink_core::id::UserId;
use colink_core::text::{DisplayName, Email, Username};
use colink_events::users::UserRegistered;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::letter::Template;
use crate::domain::opaque_token::OpaqueToken;
use crate::domain::password::{Owner, Password};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::mail;
use crate::state::State;
use crate::store::registrations::{self, NewRegistration};
use crate::store::usernames;
use crate::store::users::{self, NewUser};

/// Who wants to join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegisterUser)]
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

/// The same answer whether the address is known or not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredUser)]
pub(crate) struct Registered {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
    /// Keep it where the password was typed: with it the link of the mail works there without asking for the password.
    #[schema(example = "pV3n0cE8mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKs")]
    registration_secret: String,
}

struct Registration {
    email: Email,
    username: Username,
    display_name: DisplayName,
    password_hash: String,
    secret: OpaqueToken,
    client: Subject,
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
    responses((status = 201, description = "A mail is on its way.", body = Success<Registered>))
)]
pub(crate) async fn register_user(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Registered>> {
    let (email, username) = (Email::parse(&request.email), Username::parse(&request.username));
    let owner = Owner {
        username: username.as_ref().ok().map(Username::as_str),
        email: email.as_ref().ok().map(Email::as_str),
    };
    let password = Password::chosen(&request.password, state.password_policy, owner);
    let (email, username, display_name, password) = all((
        field("email", email),
        field("username", username),
        field("display_name", DisplayName::parse(&request.display_name)),
        field("password", password),
    ))?;
    let client = Subject::client(&context);
    state.limits.take(Limit::Register, &client).await?;
    state.limits.take(Limit::MailAddress, &Subject::address(&email)).await?;

    let password_hash = state.passwords.turn().await?.hash(&password).await?;

    let secret = OpaqueToken::generate();
    let registration = Registration { email, username, display_name, password_hash, secret, client };
    let mut transaction = state.begin().await?;
    let outcome = create_or_tell(&state, &mut transaction, &registration, &context).await?;
    state.commit(transaction).await?;
    state.metrics.registered(outcome);
    let registration_secret = registration.secret.reveal();
    let answer = Registered { status: "verification_sent", registration_secret };
    Ok(Reply::created(answer).header(header::CACHE_CONTROL, "no-store"))
}

async fn create_or_tell(
    state: &State,
    transaction: &mut PgConnection,
    registration: &Registration,
    context: &RequestContext,
) -> Result<&'static str, AuthError> {
    let Registration { email, username, display_name, password_hash, secret, client } = registration;
    let (secret_hash, client) = (secret.hash(), client.as_str());
    let (now, id) = (state.clock.now(), UserId::generate(state.clock.as_ref()));
    if !usernames::insert(transaction, username).await? {
        return Err(AuthError::UsernameTaken);
    }
    let until = now + state.registration.lifetime();
    let pending_for = |user_id| NewRegistration {
        user_id,
        username,
        display_name,
        password_hash,
        secret_hash,
        client,
        now,
        until,
    };
    let new = NewUser {
        id,
        email,
        username,
        display_name: display_name.as_str(),
        password_hash: Some(password_hash),
        is_proven: false,
        now,
    };
    if let Some(user) = users::insert(transaction, &new).await? {
        let (event, cause) = (UserRegistered(user.payload(now.into())), context.cause(Some(id), None));
        state.emit(transaction, &event, &cause).await?;
        let pending = registrations::insert(transaction, &pending_for(id)).await?;
        mail::queue_link(state, transaction, id, Template::VerifyEmail, pending, &cause).await?;
        return Ok("created");
    }
    // The insert has just met it; it is gone when it expired at this moment, and then the client tries again.
    let user = users::lock_by_email(transaction, email).await?.ok_or(AuthError::Busy("registration"))?;
    let cause = context.cause(Some(user.id()), None);
    if user.email_verified_at.is_some() {
        mail::queue(state, transaction, user.id(), Template::AlreadyRegistered, &cause).await?;
        usernames::update_held(transaction, username.as_str(), until).await?;
    } else {
        let pending = registrations::insert(transaction, &pending_for(user.id())).await?;
        mail::queue_link(state, transaction, user.id(), Template::VerifyEmail, pending, &cause).await?;
    }
    Ok("known")
}
