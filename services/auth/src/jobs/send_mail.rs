//! Sends a mail that was queued. At least once: a process that dies between sending and noting it sends again. So does one
//! that a server answers too late.
//!
//! A mail that is refused for now is tried again later and later, up to `mail.max_attempts`; one that is refused for good is
//! a dead job. While the server does not serve, the kind rests (see `mail::circuit`).

use std::time::Duration;

use colink_jobs::{Backoff, Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::mail::{Mail, MailFailure, compose};
use crate::state::State;

/// A mail on its way out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SendMail(pub(crate) Mail);

impl Job for SendMail {
    const KIND: &'static str = "send_mail";
    const BACKOFF: Backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(3600));
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        let template = self.0.template.name();
        // A new link makes the one void that the user may have already.
        if let Some(left) = state.mailer.rest() {
            return Err(JobFailure::snooze(left));
        }
        let Some(mail) = compose(state, &self.0).await? else { return Ok(()) };
        let Err(failure) = state.mailer.send(run.id, mail).await else {
            state.metrics.mail_sent(template);
            return Ok(());
        };
        match failure {
            MailFailure::Resting(left) => Err(JobFailure::snooze(left)),
            MailFailure::Refused(_) => {
                state.metrics.mail_failed(template, true);
                Err(JobFailure::permanent("refused", failure))
            }
            MailFailure::Deferred(_) => {
                state.metrics.mail_failed(template, run.is_last());
                Err(JobFailure::retry("deferred", failure))
            }
            MailFailure::Unreachable(_) => {
                state.metrics.mail_failed(template, run.is_last());
                Err(JobFailure::retry("unreachable", failure))
            }
        }
    }

    fn slots(state: &State) -> usize {
        state.mailer.slots()
    }
}
