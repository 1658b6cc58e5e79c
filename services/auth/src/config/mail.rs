//! `[mail]`: the way out.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// `[mail]`: the way out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The server; may hold a password.
    pub smtp_url: SecretString,
    /// The sender, `Name <address>`.
    pub from: String,
    /// What links begin with.
    pub public_url: String,
    /// Attempts after which a mail is given up.
    pub max_attempts: u16,
    /// Failures of the server in a row after which mails rest.
    pub circuit_failures: u16,
    /// The first rest, in seconds.
    pub circuit_rest_s: u32,
}

impl MailConfig {
    /// The first rest.
    pub(crate) fn circuit_rest(&self) -> Duration {
        Duration::from_secs(self.circuit_rest_s.into())
    }

    /// Whether a password would go over the network in clear: there is one, and TLS is not demanded.
    pub(super) fn leaks_password(&self) -> bool {
        let url = self.smtp_url.expose_secret();
        let plain = url.starts_with("smtp:") && !url.contains("tls=required");
        plain && url.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a password goes over the network only in TLS.
    #[test]
    fn a_password_wants_tls() {
        let leaks = |url: &str| {
            let config = MailConfig {
                smtp_url: url.to_owned().into(),
                from: "CoLink <no-reply@example.com>".to_owned(),
                public_url: "https://chat.example.com".to_owned(),
                max_attempts: 1,
                circuit_failures: 1,
                circuit_rest_s: 1,
            };
            config.leaks_password()
        };
        for url in ["smtp://relay:25", "smtps://ada:secret@mail", "smtp://ada:secret@mail?tls=required"] {
            assert!(!leaks(url), "{url}");
        }
        for url in ["smtp://ada:secret@mail", "smtp://ada:secret@mail?tls=opportunistic"] {
            assert!(leaks(url), "{url}");
        }
    }
}
