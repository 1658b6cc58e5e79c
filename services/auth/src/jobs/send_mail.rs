//! Sends what is queued. At least once: a process that dies between sending and deleting sends again.
//!
//! A mail that is refused for now is tried again later and later, up to `mail.max_attempts`. While the server
//! cannot be reached the whole queue rests, longer each time, so that a dead server is not hammered. The token of
//! a link is made at the moment of sending: no token waits in the database in clear.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config::MailConfig;
use crate::domain::letter::{self, Filling, Letter, Template};
use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::mailer::{MailFailure, Mailer};
use crate::state::State;
use crate::store::mail_queue::{self, DueMail};
use crate::store::{email_tokens, password_resets};

/// How often it looks without being woken: for mails of other replicas and for second attempts.
const POLL: Duration = Duration::from_secs(1);
/// Longer than one attempt can take.
const LEASE: Duration = Duration::from_secs(120);
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(3600);

/// Runs until `stop`.
pub(crate) async fn run(state: State, mailer: Mailer, config: MailConfig, stop: CancellationToken) {
    let mut rest = FIRST_REST;
    while !stop.is_cancelled() {
        let wait = match send_next(&state, &mailer, &config).await {
            Ok(Attempt::Done) => {
                rest = FIRST_REST;
                continue;
            }
            Ok(Attempt::NothingDue) => POLL,
            Ok(Attempt::ServerAway) => doubled(&mut rest),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the mail queue could not be read");
                doubled(&mut rest)
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = state.mail_queued.notified(), if wait == POLL => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

enum Attempt {
    /// A mail was handled.
    Done,
    NothingDue,
    ServerAway,
}

fn doubled(rest: &mut Duration) -> Duration {
    let now = *rest;
    *rest = (now * 2).min(LONGEST_REST);
    now
}

async fn send_next(state: &State, mailer: &Mailer, config: &MailConfig) -> Result<Attempt, AuthError> {
    let now = state.clock.now();
    let Some(mail) = mail_queue::update_claimed(&state.pool, now, now + LEASE).await? else {
        state.metrics.mails_waiting(mail_queue::count(&state.pool).await?);
        return Ok(Attempt::NothingDue);
    };
    let Some(template) = Template::from_name(&mail.template) else {
        // A later build queued it: leave it to a replica of that build.
        return Ok(Attempt::Done);
    };
    let Some(letter) = compose(state, config, &mail, template).await? else {
        mail_queue::delete(&state.pool, mail.id()).await?;
        return Ok(Attempt::Done);
    };
    match mailer.send(&mail.email, letter).await {
        Ok(()) => {
            mail_queue::delete(&state.pool, mail.id()).await?;
            state.metrics.mail_sent(template.name());
            Ok(Attempt::Done)
        }
        Err(failure) => put_back(state, config, &mail, template, &failure).await,
    }
}

/// The letter; `None` when the registration it would have a link for is gone: its account was verified meanwhile.
async fn compose(
    state: &State,
    config: &MailConfig,
    mail: &DueMail,
    template: Template,
) -> Result<Option<Letter>, AuthError> {
    let mut revealed = String::new();
    if let Some(registration) = mail.registration_id {
        let (token, now) = (OpaqueToken::generate(), state.clock.now());
        let expires_at = now + state.tokens.verification();
        let purpose = email_tokens::VERIFY;
        if !email_tokens::insert(&state.pool, token.hash(), registration, purpose, now, expires_at).await? {
            return Ok(None);
        }
        revealed = token.reveal();
    }
    let mut hours = state.tokens.verification_hours;
    if template == Template::ResetPassword {
        let (token, now) = (OpaqueToken::generate(), state.clock.now());
        let expires_at = now + state.tokens.reset();
        password_resets::insert(&state.pool, mail.user_id(), token.hash(), now, expires_at).await?;
        (revealed, hours) = (token.reveal(), state.tokens.reset_hours);
    }
    let filling = Filling {
        display_name: &mail.display_name,
        username: &mail.username,
        public_url: &config.public_url,
        token: &revealed,
        hours,
    };
    Ok(Some(letter::write(template, &filling)))
}

async fn put_back(
    state: &State,
    config: &MailConfig,
    mail: &DueMail,
    template: Template,
    failure: &MailFailure,
) -> Result<Attempt, AuthError> {
    let hopeless =
        matches!(failure, MailFailure::Refused(_)) || mail.attempts >= i32::from(config.max_attempts);
    let now = state.clock.now();
    let next = (!hopeless).then(|| now + retry_after(mail.attempts));
    mail_queue::update_failed(&state.pool, mail.id(), next, now).await?;
    state.metrics.mail_failed(template.name(), hopeless, &failure.to_string());
    Ok(if matches!(failure, MailFailure::Unreachable(_)) { Attempt::ServerAway } else { Attempt::Done })
}

/// 5 s, 10 s, 20 s, … one hour.
fn retry_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// later and later, and never later than an hour.
    #[test]
    fn retries_back_off() {
        let seconds = |attempts| retry_after(attempts).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(3), seconds(11), seconds(1000)], [5, 10, 20, 3600, 3600]);
    }
}
