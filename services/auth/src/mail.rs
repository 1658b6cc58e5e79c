//! Putting a mail on its way.

use colink_core::id::{MailId, UserId};
use colink_events::Cause;
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::mail_queue;

/// Queues a mail without a link to the user, in the transaction of what it tells.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn queue(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
    _cause: &Cause,
) -> Result<(), AuthError> {
    let id = MailId::generate(state.clock.as_ref());
    mail_queue::insert(transaction, id, user_id, template, None, state.clock.now()).await?;
    Ok(())
}
