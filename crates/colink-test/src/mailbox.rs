//! The inbox of the mail catcher: what users would find in theirs.

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};
use serde::Deserialize;

use crate::environment::Environment;
use crate::eventually::{SOON, eventually};
use crate::logging::WATCH;

/// A reader of the mail catcher's HTTP API (GreenMail).
#[derive(Clone, Debug)]
pub struct Mailbox {
    api: String,
    http: reqwest::Client,
}

/// One mail that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The subject, decoded.
    pub subject: String,
    /// The plain text part, empty when there is none.
    pub text: String,
    /// The HTML part, empty when there is none.
    pub html: String,
    /// The whole mail as it was sent.
    pub raw: String,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(rename = "mimeMessage")]
    mime: String,
}

impl Mailbox {
    /// The catcher of this environment.
    ///
    /// # Panics
    /// When the environment names none.
    #[must_use]
    pub fn new() -> Self {
        let http = reqwest::Client::builder().timeout(SOON).build().expect("an HTTP client");
        let api = Environment::get().value("COLINK_MAIL_API_URL").trim_end_matches('/').to_owned();
        Self { api, http }
    }

    /// All mail for an address, oldest first. Empty when the catcher does not know the address yet.
    ///
    /// # Panics
    /// When the catcher is down.
    pub async fn list(&self, address: &str) -> Vec<Mail> {
        let url = format!("{}/api/user/{address}/messages", self.api);
        let response = self.http.get(&url).send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        if !response.status().is_success() {
            return Vec::new();
        }
        let stored: Vec<Stored> = response.json().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        stored.into_iter().map(|mail| Mail::parse(mail.mime)).collect()
    }

    /// Waits for a mail whose subject or text contains `words`; the newest that does.
    ///
    /// # Panics
    /// When none arrives within [`SOON`].
    pub async fn await_mail(&self, address: &str, words: &str) -> Mail {
        let what = format!("a mail to {address} with {words:?}");
        eventually(&what, SOON, async || {
            let mut mails = self.list(address).await;
            mails.retain(|mail| mail.subject.contains(words) || mail.text.contains(words));
            mails.pop()
        })
        .await
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Mail {
    /// Reads raw MIME.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn parse(raw: String) -> Self {
        let mail = parse_mail(raw.as_bytes()).expect("MIME");
        let subject = mail.headers.get_first_value("Subject").unwrap_or_default();
        let (text, html) = (part(&mail, "text/plain"), part(&mail, "text/html"));
        Self { subject, text, html, raw }
    }

    /// The first `http` link in the text, up to white space.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn link(&self) -> String {
        let start = self.text.find("http").unwrap_or_else(|| panic!("no link in {}", self.text));
        let rest = self.text.get(start..).unwrap_or_default();
        rest.split_whitespace().next().unwrap_or_default().trim_end_matches(['.', '>', ')']).to_owned()
    }

    /// The value after `token=` in the text.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once("token=").unwrap_or_else(|| panic!("no token in {}", self.text));
        let token: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(*c)).collect();
        WATCH.keep("token of a mail", &token);
        token
    }
}

fn part(mail: &ParsedMail<'_>, mime_type: &str) -> String {
    mail.parts()
        .find(|part| part.ctype.mimetype == mime_type)
        .and_then(|part| part.get_body().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Mail;

    #[test]
    fn a_multipart_mail_gives_its_subject_text_link_and_token() {
        let raw = "Subject: =?utf-8?Q?Best=C3=A4tigen?=\r\nMIME-Version: 1.0\r\n\
                   Content-Type: multipart/alternative; boundary=b\r\n\r\n\
                   --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                   Open http://localhost:15009/verify#token=3Dab-C_9 soon.\r\n\
                   --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Open</p>\r\n--b--\r\n";
        let mail = Mail::parse(raw.to_owned());
        assert_eq!(mail.subject, "Bestätigen");
        assert_eq!(mail.link(), "http://localhost:15009/verify#token=ab-C_9");
        assert_eq!(mail.token(), "ab-C_9");
        assert_eq!(mail.html.trim(), "<p>Open</p>");
    }
}
