//! Answers requests for mails that name an address.
//!
//! The request only writes down the address. Whether it has an account, and what mail that account gets, is found out
//! here, where nobody waits: a request takes the same time for every address.

use std::time::Duration;

use colink_core::text::Email;
use colink_events::Cause;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail;
use crate::state::State;
use crate::store::mail_requests::{self, Purpose};
use crate::store::users::User;
use crate::store::{registrations, users};

/// How often it looks without being woken: for requests to other replicas that died.
const POLL: Duration = Duration::from_secs(1);

/// As many of the latest registrations get a new mail: the owner's is among them also when somebody else tried after him,
/// and one call does not send mails without end.
const RESENT: i64 = 3;

/// Runs until `stop`.
pub(crate) async fn run(state: State, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match answer_next(&state).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "requests for mails could not be answered");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = state.mail_asked.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Answers one request; `false` when there was none. What fails is rolled back, and the request waits again.
async fn answer_next(state: &State) -> Result<bool, AuthError> {
    let mut transaction = state.begin().await?;
    let Some(request) = mail_requests::delete_next(&mut transaction).await? else { return Ok(false) };
    // It was an address when it was written down.
    if let Ok(email) = Email::parse(&request.email_normalised)
        && let Some(user) = users::lock_by_email(&mut transaction, &email).await?
    {
        match request.purpose() {
            Some(Purpose::VerifyEmail) => send_links(state, &mut transaction, &user).await?,
            Some(Purpose::ResetPassword) => send_reset(state, &mut transaction, &user).await?,
            None => {}
        }
    }
    state.commit(transaction).await?;
    Ok(true)
}

/// A new link for each of the latest registrations of an address that is not proven.
async fn send_links(state: &State, transaction: &mut PgConnection, user: &User) -> Result<(), AuthError> {
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    let cause = Cause::default();
    for pending in registrations::list_latest(transaction, user.id(), RESENT).await? {
        mail::queue_link(state, transaction, user.id(), Template::VerifyEmail, pending, &cause).await?;
    }
    Ok(())
}

/// A link for a new password, also to an address that is not proven: using it proves it. An account that was closed
/// gets none, because its owner is not to come in.
async fn send_reset(state: &State, transaction: &mut PgConnection, user: &User) -> Result<(), AuthError> {
    if user.is_closed() {
        return Ok(());
    }
    mail::queue(state, transaction, user.id(), Template::ResetPassword, &Cause::default()).await
}
