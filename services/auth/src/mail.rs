//! Queueing mails in the transaction of what they are about.

use colink_core::id::{MailId, UserId};
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::mail_queue;
use crate::store::registrations::RegistrationId;

/// Queues a mail to the user, unless the same one waits already.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn queue(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
) -> Result<(), AuthError> {
    insert(state, transaction, user_id, template, None).await
}

/// The same with a link of the registration.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn queue_link(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
    registration: RegistrationId,
) -> Result<(), AuthError> {
    insert(state, transaction, user_id, template, Some(registration)).await
}

async fn insert(
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
