//! Mails to users: queued in the transaction of what they tell, written and addressed at the moment of sending.
//!
//! The queue holds who gets which mail and no more than that: no address, no token. So a mail that waits goes to the
//! address that the account has by then, and nobody can read a link in the database or in a backup.
//!
//! A new mail is a pair of files in `domain/letter/`, one line in [`Template`], and a call of [`queue`]. A mail with a link
//! that proves something also has an arm in [`links`].

mod circuit;
mod compose;
mod links;
mod mailer;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_events::Cause;
use colink_jobs::Enqueue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

pub(crate) use self::circuit::Position;
pub(crate) use self::compose::compose;
pub(crate) use self::mailer::{MailFailure, Mailer};
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::jobs::send_mail::SendMail;
use crate::ledger::Ledger;
use crate::state::State;
use crate::store::registrations::RegistrationId;

/// Longest value that a mail is filled with, in characters.
const FACT_CHARS: usize = 200;

/// A mail to be written. It stands in the database in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) user_id: UserId,
    pub(crate) template: Template,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<About>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, String>,
}

/// The row that a mail is about, when it is not the account itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum About {
    /// A registration with an address that nobody has proven yet: its names, and a link of its own.
    Registration(RegistrationId),
}

impl Mail {
    pub(crate) fn new(user_id: UserId, template: Template) -> Self {
        Self { user_id, template, about: None, facts: BTreeMap::new() }
    }

    pub(crate) fn about(mut self, about: About) -> Self {
        self.about = Some(about);
        self
    }

    /// What the template's placeholder `name` is filled with: never a secret or an address. Without control characters, so
    /// that a device's name cannot add lines to a mail.
    pub(crate) fn fact(mut self, name: &str, value: &str) -> Self {
        let clean = value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(FACT_CHARS).collect();
        self.facts.insert(name.to_owned(), clean);
        self
    }

    /// When it happened, for the placeholder `at`.
    pub(crate) fn at(self, now: DateTime<Utc>) -> Self {
        self.fact("at", &now.format("%-d %B %Y, %H:%M UTC").to_string())
    }

    /// The same for the same mail.
    fn dedupe_key(&self) -> Result<String, AuthError> {
        let whole = serde_json::to_vec(self).map_err(AuthError::crypto)?;
        let short = hex::encode(Sha256::digest(whole).get(..8).unwrap_or_default());
        Ok(format!("{}/{}/{short}", self.template.name(), self.user_id))
    }
}

/// Queues a mail of this template to the user, unless the same one waits already. After the commit `State::commit` wakes the
/// job.
///
/// # Errors
/// Failures of the database; then there is no mail and the transaction is void.
pub(crate) async fn queue(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
    cause: &Cause,
) -> Result<(), AuthError> {
    queue_filled(state, transaction, Mail::new(user_id, template), cause).await
}

/// The same with a link of the registration, and its names.
///
/// # Errors
/// As [`queue`].
pub(crate) async fn queue_link(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    template: Template,
    registration: RegistrationId,
    cause: &Cause,
) -> Result<(), AuthError> {
    let mail = Mail::new(user_id, template).about(About::Registration(registration));
    queue_filled(state, transaction, mail, cause).await
}

/// The same for a mail with facts.
///
/// # Errors
/// As [`queue`].
pub(crate) async fn queue_filled(
    ledger: &impl Ledger,
    transaction: &mut PgConnection,
    mail: Mail,
    cause: &Cause,
) -> Result<(), AuthError> {
    let options =
        Enqueue::now().dedupe(mail.dedupe_key()?).context(cause.clone()).max_attempts(ledger.mail_attempts());
    colink_jobs::enqueue(transaction, &SendMail(mail), options, ledger.clock()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;

    use super::*;

    /// A-14: the same mail has the same key, another one has another.
    #[test]
    fn keys_tell_mails_apart() {
        let clock = ManualClock::default();
        let (ada, ben) = (UserId::generate(&clock), UserId::generate(&clock));
        let mail = |user_id| Mail::new(user_id, Template::AlreadyRegistered);
        let keys =
            [mail(ada), mail(ben), Mail::new(ada, Template::VerifyEmail), mail(ada).fact("device", "x")];
        let mut keys = keys.map(|mail| mail.dedupe_key().unwrap()).to_vec();
        assert_eq!(mail(ada).dedupe_key().unwrap(), keys[0]);
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4);
    }

    #[test]
    fn facts_are_one_line_and_short() {
        let user_id = UserId::generate(&ManualClock::default());
        let mail = Mail::new(user_id, Template::AlreadyRegistered)
            .fact("device", &format!("a\r\nb{}", "x".repeat(900)));
        let value = &mail.facts["device"];
        assert!(value.starts_with("a  bx") && value.len() == FACT_CHARS);
    }

    /// A-14: what waits in the database is read by the next build as well.
    #[test]
    fn the_stored_form_is_stable() {
        let stored = r#"{"user_id":"018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a","template":"verify_email","about":{"registration":7}}"#;
        let mail: Mail = serde_json::from_str(stored).unwrap();
        assert!(matches!(mail.about, Some(About::Registration(_))));
        assert_eq!(serde_json::to_string(&mail).unwrap(), stored);
        assert!(serde_json::from_str::<Mail>(&stored.replace("verify_email", "of_a_later_build")).is_err());
    }
}
