//! No secret, token, password or mail address in any log line or event of a whole test run (A-13).
//!
//! Whatever clients of tests send or receive under a telling name is a secret of the process, and so are their bearer tokens,
//! cookies and the tokens in mails. Every line that a service logs at its default level is kept, and so is every event that it
//! puts in its outbox ([`crate::database`]). A [`crate::TestService`] that ends searches all of it that was written since it
//! started, also by tests beside it; a leak is reported once.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::secret_search::SecretSearch;

/// Fields of requests and answers that hold secrets.
const NAMES: [&str; 21] = [
    "access_token",
    "client_secret",
    "code",
    "csrf_token",
    "current_password",
    "email",
    "id_token",
    "key",
    "mfa_ticket",
    "new_password",
    "otpauth_uri",
    "password",
    "recovery_code",
    "recovery_codes",
    "refresh_token",
    "registration_secret",
    "secret",
    "subject_token",
    "ticket",
    "token",
    "totp_secret",
];
/// Shorter values, and those of fewer characters, are mistakes that tests make on purpose, and words.
const SHORTEST: usize = 10;
const FEWEST: usize = 5;
/// More lines are never looked at again.
const MOST_LINES: usize = 200_000;

/// What was said and what must not be.
#[derive(Debug, Default)]
pub(crate) struct LogWatch {
    secrets: Mutex<SecretSearch>,
    lines: Mutex<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Arc<str>>,
    /// How many came before the first that is kept.
    gone: usize,
}

impl LogWatch {
    /// Takes a secret, unless it is too plain to be one, or in the place of an address and none.
    pub(crate) fn keep(&self, name: &str, secret: &str) {
        if is_secret(secret) && (name != "email" || secret.contains('@')) {
            locked(&self.secrets).add(name, secret);
        }
    }

    /// Takes what a request or an answer holds under telling names; an error's `code` is none.
    pub(crate) fn learn(&self, body: &Value) {
        match body {
            Value::Object(fields) if fields.get("success") != Some(&Value::Bool(false)) => {
                for (name, value) in fields {
                    if NAMES.contains(&name.as_str()) {
                        texts(value).for_each(|text| self.keep(name, text));
                    }
                    self.learn(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    /// This place in the log.
    pub(crate) fn mark(&self) -> usize {
        let lines = locked(&self.lines);
        lines.gone + lines.kept.len()
    }

    /// The leaks in lines from `mark` on, and in `events`.
    pub(crate) fn leaks(&self, mark: usize, events: &[String]) -> Vec<String> {
        let lines: Vec<(usize, Arc<str>)> = {
            let lines = locked(&self.lines);
            let numbered = (lines.gone..).zip(lines.kept.iter().cloned());
            numbered.skip(mark.saturating_sub(lines.gone)).collect()
        };
        let secrets = locked(&self.secrets);
        let mut leaks = Vec::new();
        for (number, line) in lines {
            if let Some(leak) = found(&secrets, "the log", &line) {
                self.forget(number);
                leaks.push(leak);
            }
        }
        leaks.extend(events.iter().filter_map(|event| found(&secrets, "an event", event)));
        leaks
    }

    fn forget(&self, number: usize) {
        let mut lines = locked(&self.lines);
        if let Some(line) = number.checked_sub(lines.gone).and_then(|place| lines.kept.get_mut(place)) {
            *line = Arc::from("");
        }
    }

    fn push(&self, line: &str) {
        let mut lines = locked(&self.lines);
        if lines.kept.len() == MOST_LINES {
            lines.kept.pop_front();
            lines.gone += 1;
        }
        lines.kept.push_back(Arc::from(line));
    }
}

fn found(secrets: &SecretSearch, place: &str, text: &str) -> Option<String> {
    let leak = secrets.in_text(place, text).into_iter().next()?;
    Some(format!("a `{}` stands in {place}: {text}", leak.secret))
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str)
}

/// Ids are written down everywhere, also where a test sends one in the place of a token.
fn is_secret(value: &str) -> bool {
    let mut kinds: Vec<u8> = value.bytes().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b' ');
    let is_id = uuid::Uuid::parse_str(value).is_ok();
    value.len() >= SHORTEST && kinds.len() >= FEWEST && !is_word && !is_id
}

/// Another test's failure is no reason to look at nothing.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where `JsonLines` writes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineWriter<'w>(pub(crate) &'w LogWatch);

impl<'w> MakeWriter<'w> for LineWriter<'_> {
    type Writer = LineWriter<'w>;

    fn make_writer(&'w self) -> Self::Writer {
        LineWriter(self.0)
    }
}

impl io::Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn logged(watch: &'static LogWatch, log: impl FnOnce()) {
        let lines = colink_telemetry::JsonLines::new("test", LineWriter(watch));
        tracing::subscriber::with_default(Registry::default().with(lines), log);
    }

    /// A-13: a secret in a log line is found, whether it was known before the line was written or became known afterwards.
    #[test]
    fn a_logged_secret_is_found_and_reported_once() {
        let watch: &'static LogWatch = Box::leak(Box::new(LogWatch::default()));
        watch.learn(&json!({"email": "Ada@Example.test", "password": "Gr4phite!pencil"}));
        let early = watch.mark();
        logged(watch, || {
            tracing::info!(to = "ada@example.test", "a mail was sent");
            tracing::info!("signed in with tok-4711-abc");
            tracing::info!("nothing to see");
        });
        let late = watch.mark();
        watch.learn(&json!({"success": true, "data": {"items": [{"token": "tok-4711-abc"}]}}));
        assert_eq!(watch.leaks(late, &[]), [""; 0]);
        let leaks = watch.leaks(early, &[]);
        assert_eq!(leaks.len(), 2, "{leaks:?}");
        assert!(leaks[0].contains("a `email` stands in the log") && leaks[0].contains("a mail was sent"));
        assert!(leaks[1].contains("a `token` stands in the log"));
        assert_eq!(watch.leaks(early, &[]), [""; 0]);
    }

    /// A-13: so is one in an event.
    #[test]
    fn a_secret_in_an_event_is_found() {
        let watch = LogWatch::default();
        watch.learn(&json!({"recovery_codes": ["abcd-1234-efgh"]}));
        let events = [r#"{"data":{"code":"abcd-1234-efgh"}}"#.to_owned(), "{}".to_owned()];
        assert_eq!(watch.leaks(0, &events).len(), 1);
    }

    #[test]
    fn words_ids_and_error_codes_are_no_secrets() {
        let watch = LogWatch::default();
        watch.learn(&json!({"success": false, "error": {"code": "NOT-FOUND-404"}}));
        watch.learn(&json!({"token": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "code": "123456"}));
        watch.learn(&json!({"password": "password_changed", "token": "0".repeat(40), "email": null}));
        assert!(locked(&watch.secrets).is_empty());
    }
}
