//! Becoming known, and proving it: registration, login, tokens.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod signed_in;
pub(crate) mod verify_email;

use colink_core::id::UserId;
use colink_http::RequestContext;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail::{self, About, Mail};
use crate::state::State;
use crate::store::registrations::RegistrationId;

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
