//! Becoming known, and proving it: registration, login, tokens.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod verify_email;

use actix_web::http::header;
use colink_core::id::{SessionId, UserId};
use colink_http::{Reply, RequestContext};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::users::Profile;
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail::{self, About, Mail};
use crate::sign_in::TokenPair;
use crate::state::State;
use crate::store::registrations::RegistrationId;
use crate::store::users::User;

/// The same answer whether the address is known or not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailOnItsWay {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

impl MailOnItsWay {
    const SENT: Self = Self { status: "verification_sent" };
}

/// A session with its tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The JWT for `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.e30.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Life of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: u32,
    /// Good for one `POST /auth/refresh`.
    #[schema(example = "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE")]
    refresh_token: String,
    /// The session.
    session_id: SessionId,
    /// Who is signed in.
    user: Profile,
}

impl SignedIn {
    /// Tokens are for one reader: nothing in between may keep them.
    fn reply(state: &State, tokens: TokenPair, user: &User) -> Reply<Self> {
        let signed_in = Self {
            access_token: tokens.access,
            token_type: "Bearer",
            expires_in: state.tokens.access_s,
            refresh_token: tokens.refresh.reveal(),
            session_id: tokens.session_id,
            user: Profile::of(user),
        };
        Reply::ok(signed_in).header(header::CACHE_CONTROL, "no-store")
    }
}

/// Queues a mail with a link of the registration, unless one waits already.
async fn queue_verification(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    registration: RegistrationId,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let mail = Mail::new(user_id, Template::VerifyEmail).about(About::Registration(registration));
    mail::queue_filled(state, transaction, mail, &context.cause(Some(user_id), None)).await
}
