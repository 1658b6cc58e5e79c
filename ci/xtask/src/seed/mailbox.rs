//! Reading a token from the mail catcher: `GET /api/user/{address}/messages` answers raw messages.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::{http, interrupt};

/// Mail is sent by a job; it is quick.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a mail to `address` with a link that holds `token=`, and answers the token of the newest one.
pub(super) fn await_token(mail_api: &str, address: &str) -> Outcome<String> {
    let url = format!("{mail_api}/api/user/{address}/messages");
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        interrupt::check()?;
        // Until the first mail comes there is no such user, which is not an error.
        if let Ok(answer) = http::get(&url)
            && let Ok(Value::Array(mails)) = serde_json::from_slice(&answer.body)
            && let Some(token) = mails.iter().rev().find_map(token_of_mail)
        {
            return Ok(token);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::new(format!("no mail with a token came for {address}: see `cargo xtask logs auth`")))
}

fn token_of_mail(mail: &Value) -> Option<String> {
    let raw = mail.get("mimeMessage").and_then(Value::as_str)?;
    let quoted = raw.to_ascii_lowercase().contains("content-transfer-encoding: quoted-printable");
    token_in(&if quoted { unquote(raw) } else { raw.to_owned() })
}

fn token_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("token=")?;
    let token: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.~".contains(*c)).collect();
    (!token.is_empty()).then_some(token)
}

/// Quoted-printable (RFC 2045, 6.7), as far as ASCII text needs it.
fn unquote(text: &str) -> String {
    text.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_found_in_both_encodings() {
        let plain =
            json!({"mimeMessage": "Subject: x\r\n\r\nGo to http://h/verify-email#token=3Dab-c_1 now\r\n"});
        assert_eq!(token_of_mail(&plain).as_deref(), Some("3Dab-c_1"));
        let quoted = json!({"mimeMessage":
            "Content-Transfer-Encoding: quoted-printable\r\n\r\nhttp://h/verify-email#token=3Dab=\r\nc\r\n"});
        assert_eq!(token_of_mail(&quoted).as_deref(), Some("abc"));
        assert_eq!(token_of_mail(&json!({"mimeMessage": "nothing"})), None);
    }
}
