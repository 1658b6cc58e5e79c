//! The way to the mail server.
//!
//! The server is tested as a whole by the [`Circuit`]: failures that say nothing about the mail (no connection, no TLS, wrong
//! credentials, "try later") count against the server, and while it rests no mail is tried.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::SharedClock;
use colink_core::id::JobId;
use colink_runtime::BoxError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::circuit::{Circuit, Position};
use super::compose::Composed;
use crate::config::MailConfig;
use crate::metrics::AuthMetrics;

/// Longest wait for a connection.
const CONNECTION: Duration = Duration::from_secs(10);
/// Longest time for one mail from the connection to the last answer, which a server may put off while it looks at what it got.
/// Less than the job has, so that the circuit hears of a server that says nothing.
const PATIENCE: Duration = Duration::from_secs(45);
/// Mails sent at the same time by this process; each has a connection of its own.
const AT_ONCE: usize = 4;
/// Says that a program wrote the mail, so that no program answers it (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Answers that are about the server or our account on it and not about the mail: it closes, it has no TLS now,
/// authentication is wanted or failed (RFC 5321, RFC 4954).
const SERVERS_OWN: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// Sends mails, each over a connection of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Mailer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    public_url: String,
    max_attempts: u16,
    circuit: Circuit,
    patience: Duration,
    clock: SharedClock,
    metrics: AuthMetrics,
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
    #[error("the mail server does not serve: {0}")]
    Unreachable(String),
    /// The server is known not to serve; nothing was tried.
    #[error("the mail server rests for another {0:?}")]
    Resting(Duration),
}

impl Mailer {
    /// A mailer that connects with the first mail.
    ///
    /// # Errors
    /// When `[mail]` cannot be used.
    pub(crate) fn new(
        config: &MailConfig,
        clock: SharedClock,
        metrics: AuthMetrics,
    ) -> Result<Self, BoxError> {
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret())?;
        if let Some(tls) = config.tls()? {
            transport = transport.tls(tls);
        }
        // A connection on which a mail was given up still owes an answer, and the next mail would take it for its own.
        let transport = transport.pool_config(PoolConfig::new().max_size(0));
        Ok(Self(Arc::new(Inner {
            transport: transport.timeout(Some(CONNECTION)).build(),
            from: config.from.parse()?,
            public_url: config.public_url.clone(),
            max_attempts: config.max_attempts,
            circuit: Circuit::new(config.circuit_failures.into(), config.circuit_rest()),
            patience: PATIENCE,
            clock,
            metrics,
        })))
    }

    /// What links in mails begin with.
    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// Attempts after which a mail is given up.
    pub(crate) fn max_attempts(&self) -> u16 {
        self.0.max_attempts
    }

    /// How many mails may be sent at the same time at present.
    pub(crate) fn slots(&self) -> usize {
        let position = self.0.circuit.position(self.0.clock.now());
        self.0.metrics.circuit_is(position);
        match position {
            Position::Closed => AT_ONCE,
            Position::HalfOpen { free } => free.into(),
            Position::Open => 0,
        }
    }

    /// How long no mail may be sent, if so: whoever would write one can leave it.
    pub(crate) fn rest(&self) -> Option<Duration> {
        self.0.circuit.rest(self.0.clock.now())
    }

    /// Hands a mail to the server. A repetition of the job has the same `Message-ID`, so that servers and readers can drop the
    /// second of two. One with a link has another each time: the second link is the one that works.
    ///
    /// # Errors
    /// [`MailFailure`] says whether trying again makes sense. One that the server did not answer in time may have been taken.
    pub(crate) async fn send(&self, id: JobId, mail: Composed) -> Result<(), MailFailure> {
        let is_ascii = mail.address.is_ascii();
        let message = self.message(id, mail)?;
        let inner = self.0.as_ref();
        inner.circuit.ask(inner.clock.now()).map_err(MailFailure::Resting)?;
        let sent = match timeout(inner.patience, inner.transport.send(message)).await {
            Ok(sent) => sent.map(drop).map_err(|error| judge(&error, is_ascii)),
            Err(_elapsed) => Err(no_answer()),
        };
        if let Err(MailFailure::Unreachable(reason)) = &sent {
            if let Some(rest) = inner.circuit.failed(inner.clock.now()) {
                inner.metrics.circuit_opened(rest, reason);
            }
        } else if inner.circuit.answered() {
            inner.metrics.circuit_closed();
        }
        sent
    }

    fn message(&self, id: JobId, mail: Composed) -> Result<Message, MailFailure> {
        let Composed { address, letter, has_link } = mail;
        let malformed = || MailFailure::Refused("the address cannot be written in a mail".to_owned());
        let address: Address = address.parse().ok().ok_or_else(malformed)?;
        let from = &self.0.from;
        let name = if has_link { format!("{id}.{:08x}", rand::random::<u32>()) } else { id.to_string() };
        Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, address))
            .subject(letter.subject)
            .message_id(Some(format!("<{name}@{}>", from.email.domain())))
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .ok()
            .ok_or_else(malformed)
    }
}

fn no_answer() -> MailFailure {
    MailFailure::Unreachable("no answer in time".to_owned())
}

fn judge(error: &Error, is_ascii: bool) -> MailFailure {
    let Some(code) = error.status() else {
        return match () {
            // The server cannot take an address with other letters (RFC 6531).
            () if error.is_client() && !is_ascii => {
                MailFailure::Refused("the server takes no international address".to_owned())
            }
            () if error.is_client() => {
                MailFailure::Unreachable("it offers no TLS, or no way to sign in".to_owned())
            }
            () if error.is_tls() => MailFailure::Unreachable("no TLS that can be trusted".to_owned()),
            () if error.is_timeout() => no_answer(),
            () => MailFailure::Unreachable("no connection".to_owned()),
        };
    };
    let text = format!("status {code}");
    match u16::from(code) {
        number if SERVERS_OWN.contains(&number) => MailFailure::Unreachable(text),
        _ if error.is_permanent() => MailFailure::Refused(text),
        _ => MailFailure::Deferred(text),
    }
}

#[cfg(test)]
mod tests;
