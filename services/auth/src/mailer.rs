//! The way to the mail server.

use std::time::Duration;

use colink_runtime::BoxError;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use crate::config::MailConfig;
use crate::domain::letter::Letter;

/// Longest wait for one answer of the server.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends mails over one pool of connections. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why a mail did not leave. No text holds the address: servers like to repeat it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MailFailure {
    /// The mail will never be taken.
    #[error("refused for good: {0}")]
    Refused(String),
    /// The server does not take this mail now.
    #[error("refused for now: {0}")]
    Deferred(String),
    /// The server cannot be talked to, so no other mail would leave either.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
}

impl Mailer {
    /// A mailer that connects with the first mail.
    ///
    /// # Errors
    /// When `[mail]` cannot be used.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, BoxError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret())?;
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from: config.from.parse()? })
    }

    /// Hands a letter to the server.
    ///
    /// # Errors
    /// [`MailFailure`] says whether trying again makes sense.
    pub(crate) async fn send(&self, address: &str, letter: Letter) -> Result<(), MailFailure> {
        let malformed = || MailFailure::Refused("the address cannot be written in a mail".to_owned());
        let address: Address = address.parse().ok().ok_or_else(malformed)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.subject)
            .message_id(None)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .ok()
            .ok_or_else(malformed)?;
        self.transport.send(message).await.map(drop).map_err(|error| judge(&error))
    }
}

fn judge(error: &Error) -> MailFailure {
    let status = error.status().map(|code| format!("status {code}"));
    let kind = || if error.is_timeout() { "no answer in time" } else { "no connection" }.to_owned();
    match status {
        Some(status) if error.is_permanent() => MailFailure::Refused(status),
        Some(status) => MailFailure::Deferred(status),
        None if error.is_client() => MailFailure::Refused("the server lacks what the mail needs".to_owned()),
        None => MailFailure::Unreachable(kind()),
    }
}
