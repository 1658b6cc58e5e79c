//! Names for an account that a provider vouches for: nobody is there to choose one.

use colink_core::text::{DisplayName, Username};
use sqlx::PgConnection;

use super::person::Person;
use crate::error::AuthError;
use crate::store::usernames;

/// Longest beginning, so that something can follow.
const BASE_MAX: usize = 24;
/// Numbers that are tried before chance decides.
const NUMBERED: u32 = 9;
/// When even chance meets a taken name this often, something else is wrong.
const TRIES: u32 = 14;

/// A free name like that at the provider, taken for good.
///
/// # Errors
/// [`AuthError::Busy`] when no name is free.
pub(crate) async fn take(transaction: &mut PgConnection, person: &Person) -> Result<Username, AuthError> {
    let base = base(person);
    for attempt in 1..=TRIES {
        let candidate = match attempt {
            1 => base.clone(),
            2..=NUMBERED => format!("{base}{attempt}"),
            _ => format!("{base}-{}", hex::encode(rand::random::<[u8; 3]>())),
        };
        let Ok(name) = Username::parse(&candidate) else { continue };
        if usernames::insert(transaction, &name).await? {
            return Ok(name);
        }
    }
    Err(AuthError::Busy("username"))
}

/// The name to be shown by: the one at the provider, else the user name.
pub(crate) fn display_name(person: &Person, username: &Username) -> String {
    let stated = person.name.as_deref().map(|name| name.chars().take(DisplayName::MAX).collect::<String>());
    let name = stated.and_then(|name| DisplayName::parse(&name).ok());
    name.map_or_else(|| username.as_str().to_owned(), DisplayName::into_string)
}

/// What a user name can begin with: letters, digits and inner dots, underscores and hyphens.
fn base(person: &Person) -> String {
    let mailbox = person.email.as_deref().and_then(|email| email.split('@').next());
    let stated = person.username.as_deref().map(|name| name.split('@').next().unwrap_or(name));
    let mut candidates = stated.into_iter().chain(mailbox).chain(person.name.as_deref()).map(sanitised);
    candidates.find(|name| name.len() >= Username::MIN).unwrap_or_else(|| "user".to_owned())
}

fn sanitised(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let kept = if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '.' };
        let repeated = kept == '.' && name.ends_with('.');
        if !repeated && name.len() < BASE_MAX {
            name.push(kept);
        }
    }
    name.trim_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(username: Option<&str>, email: Option<&str>, name: Option<&str>) -> Person {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Person { username: text(username), email: text(email), name: text(name), ..Person::default() }
    }

    ///
    #[test]
    fn a_name_is_made_of_what_the_provider_tells() {
        for (username, email, name, expected) in [
            (Some("Ada"), None, None, "ada"),
            (Some("ada@acme.test"), None, None, "ada"),
            (Some("ad"), Some("ada.lovelace@acme.test"), None, "ada.lovelace"),
            (None, Some("ada+x@acme.test"), None, "ada.x"),
            (None, None, Some("Ada  Lovelace"), "ada.lovelace"),
            (Some("..ada--"), None, None, "ada"),
            (Some("日本"), None, None, "user"),
            (None, None, None, "user"),
            (Some("abcdefghijklmnopqrstuvwxyz"), None, None, "abcdefghijklmnopqrstuvwx"),
        ] {
            let base = base(&person(username, email, name));
            assert_eq!(base, expected, "{username:?} {email:?} {name:?}");
            assert!(Username::parse(&format!("{base}-012345")).is_ok());
        }
    }

    #[test]
    fn a_display_name_that_cannot_be_shown_is_replaced() {
        let username = Username::parse("ada").unwrap();
        let shown = |name: &str| display_name(&person(None, None, Some(name)), &username);
        assert_eq!(shown("Ada Lovelace"), "Ada Lovelace");
        assert_eq!(shown("Ada\u{202e}"), "ada");
        assert_eq!(shown(" "), "ada");
        assert_eq!(shown(&"a".repeat(200)).len(), 80);
    }
}
