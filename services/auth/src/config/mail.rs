//! `[mail]`: the way out.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use colink_runtime::Problem;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// `[mail]`: the way out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The server; may hold a password.
    pub smtp_url: SecretString,
    /// Certificates of authorities that are trusted besides the system's, in PEM; empty for none.
    pub ca_file: PathBuf,
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

    /// Everything that is wrong with it.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let url = &self.public_url;
        let asks = [
            (self.from.parse::<Mailbox>().is_ok(), "mail.from", "is not `Name <address>`"),
            (
                url.starts_with("http") && !url.ends_with('/'),
                "mail.public_url",
                "is no URL, or ends in a slash",
            ),
            (self.max_attempts > 0, "mail.max_attempts", "needs at least 1"),
            (self.circuit_rest_s > 0, "mail.circuit_rest_s", "needs at least 1"),
            (
                !self.leaks_password(),
                "mail.smtp_url",
                "has a password and no TLS: use smtps://, or smtp:// with ?tls=required",
            ),
        ];
        let refused = asks.into_iter().filter(|(holds, ..)| !holds);
        let refused = refused.map(|(_, key, problem)| Problem::new(key, problem));
        refused.chain(self.tls().err().map(|problem| Problem::new("mail.ca_file", problem))).collect()
    }

    /// TLS that trusts `ca_file` too, as `smtp_url` asks for it; none when there is no such file.
    ///
    /// # Errors
    /// What is wrong with `ca_file`, as the end of a sentence.
    pub(crate) fn tls(&self) -> Result<Option<Tls>, String> {
        if self.ca_file.as_os_str().is_empty() {
            return Ok(None);
        }
        let url = Url::parse(self.smtp_url.expose_secret()).ok();
        let asked = url.as_ref().and_then(|url| Some((begins(url)?, url.host_str()?)));
        let (begins, host) = asked.ok_or("is set, and mail.smtp_url asks for no TLS")?;
        let pem = fs::read_to_string(&self.ca_file).map_err(|error| format!("cannot be read: {error}"))?;
        // None at all would be trusted without a word.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err("holds no certificate in PEM".to_owned());
        }
        let unfit = |error| format!("holds what is no certificate: {error}");
        let certificates = Certificate::from_pem(pem.as_bytes()).map_err(unfit)?;
        let parameters = TlsParameters::builder(host.to_owned()).add_root_certificate(certificates);
        Ok(Some(begins(parameters.build().map_err(unfit)?)))
    }

    /// Whether a password would go over the network in clear: there is one, and TLS is not demanded.
    fn leaks_password(&self) -> bool {
        let url = self.smtp_url.expose_secret();
        let plain = url.starts_with("smtp:") && !url.contains("tls=required");
        plain && url.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
    }
}

/// When TLS begins, if the URL asks for it.
fn begins(url: &Url) -> Option<fn(TlsParameters) -> Tls> {
    let tls = url.query_pairs().find(|(key, _)| key == "tls");
    match (url.scheme(), tls.as_ref().map(|(_, value)| value.as_ref())) {
        ("smtps", _) => Some(Tls::Wrapper),
        ("smtp", Some("required")) => Some(Tls::Required),
        ("smtp", Some("opportunistic")) => Some(Tls::Opportunistic),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, ca_file: &str) -> MailConfig {
        MailConfig {
            smtp_url: url.to_owned().into(),
            ca_file: ca_file.into(),
            from: "CoLink <no-reply@example.com>".to_owned(),
            public_url: "https://chat.example.com".to_owned(),
            max_attempts: 1,
            circuit_failures: 1,
            circuit_rest_s: 1,
        }
    }

    /// a password goes over the network only in TLS.
    #[test]
    fn a_password_wants_tls() {
        let leaks = |url: &str| config(url, "").leaks_password();
        for url in ["smtp://relay:25", "smtps://ada:secret@mail", "smtp://ada:secret@mail?tls=required"] {
            assert!(!leaks(url), "{url}");
        }
        for url in ["smtp://ada:secret@mail", "smtp://ada:secret@mail?tls=opportunistic"] {
            assert!(leaks(url), "{url}");
        }
    }

    /// a file of authorities that would not be trusted stops the service, and the sentence says why.
    #[test]
    fn a_file_of_authorities_is_checked_at_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let broken = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n";
        let cases = [
            ("smtps://mail", "/nowhere/ca.pem".to_owned(), "cannot be read"),
            ("smtps://mail", file("empty.pem", ""), "holds no certificate"),
            ("smtps://mail", file("key.pem", "-----BEGIN PRIVATE KEY-----\n"), "holds no certificate"),
            ("smtps://mail", file("broken.pem", broken), "holds what is no certificate"),
            ("smtp://mail:25", file("unused.pem", broken), "asks for no TLS"),
        ];
        for (url, path, reason) in cases {
            let refused = config(url, &path).tls().err().unwrap_or_default();
            assert!(refused.contains(reason), "{url} {path}: {refused}");
        }
        assert!(matches!(config("smtps://mail", "").tls(), Ok(None)));
    }
}
