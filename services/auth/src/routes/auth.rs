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

use colink_core::id::{MailId, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::mail_queue;
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

/// Queues a mail, unless the same one waits already. Links come from the registration that is named.
async fn queue_mail(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
    registration: Option<RegistrationId>,
) -> Result<(), AuthError> {
    if !mail_queue::find_waiting(transaction, user_id, template, registration).await? {
        let id = MailId::generate(state.clock.as_ref());
        mail_queue::insert(transaction, id, user_id, template, registration, state.clock.now()).await?;
    }
    Ok(())
}
