//! Answers a request for a mail that names an address.
//!
//! The request queues this job and nothing else. Whether the address has an account, and what mail that account gets, is found
//! out here, where nobody waits: a request takes the same time for every address.
//!
//! The job is the one place where an address stands that may be nobody's here. It goes with the answer, or a day after the
//! job was given up.

use std::time::Duration;

use colink_core::text::Email;
use colink_events::Cause;
use colink_jobs::{Enqueue, Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::mail;
use crate::state::State;
use crate::store::users::User;
use crate::store::{registrations, users};

/// As many of the latest registrations get a new mail: the owner's is among them also when somebody else tried after him,
/// and one call does not send mails without end.
const RESENT: i64 = 3;

/// Answered at the same time by one process, so that strangers who ask leave room for other jobs.
const AT_ONCE: usize = 2;

/// How long one that was given up stays: until somebody has looked at it. Whoever asked has asked again by then.
pub(crate) const KEPT_DEAD: Duration = Duration::from_secs(86_400);

/// A mail that somebody asked for by naming an address, known or not.
#[derive(Serialize, Deserialize)]
pub(crate) struct AnswerMailRequest {
    /// As it is compared with those of accounts.
    email: String,
    purpose: Purpose,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Links that prove the address.
    VerifyEmail,
    /// A link that sets a new password.
    ResetPassword,
}

/// Queues the answer. Without a key, so that nothing about the queue depends on the address.
///
/// # Errors
/// Failures of the database.
pub(crate) async fn queue(
    state: &State,
    email: &Email,
    purpose: Purpose,
    cause: Cause,
) -> Result<(), AuthError> {
    let job = AnswerMailRequest { email: email.as_str().to_owned(), purpose };
    let mut transaction = state.begin().await?;
    let options = Enqueue::now().context(cause);
    colink_jobs::enqueue(&mut transaction, &job, options, state.clock.as_ref()).await?;
    transaction.commit().await?;
    state.jobs.wake();
    Ok(())
}

impl Job for AnswerMailRequest {
    const KIND: &'static str = "answer_mail_request";
    const KEEPS_DONE: bool = false;
    const TIMEOUT: Duration = Duration::from_secs(15);
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        // It was an address when it was written down.
        let Ok(email) = Email::parse(&self.email) else { return Ok(()) };
        let mut transaction = state.begin().await?;
        if let Some(user) = users::lock_by_email(&mut transaction, &email).await? {
            match self.purpose {
                Purpose::VerifyEmail => send_links(state, &mut transaction, &user, &run.cause).await?,
                Purpose::ResetPassword => send_reset(state, &mut transaction, &user, &run.cause).await?,
            }
        }
        state.commit(transaction).await?;
        Ok(())
    }

    fn slots(_state: &State) -> usize {
        AT_ONCE
    }
}

/// A new link for each of the latest registrations of an address that is not proven.
async fn send_links(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    cause: &Cause,
) -> Result<(), AuthError> {
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    for pending in registrations::list_latest(transaction, user.id(), RESENT).await? {
        mail::queue_link(state, transaction, user.id(), Template::VerifyEmail, pending, cause).await?;
    }
    Ok(())
}

/// A link for a new password, also to an address that is not proven: using it proves it. An account that was closed
/// gets none, because its owner is not to come in.
async fn send_reset(
    state: &State,
    transaction: &mut PgConnection,
    user: &User,
    cause: &Cause,
) -> Result<(), AuthError> {
    if user.is_closed() {
        return Ok(());
    }
    mail::queue(state, transaction, user.id(), Template::ResetPassword, cause).await
}
