//! Realm roles: what somebody is in the whole installation.

use colink_auth::REALM_ADMIN;
use colink_core::error::Invalid;

/// What every account is.
const USER: &str = "user";
/// Every role, in the order in which accounts list them.
const ALL: [&str; 2] = [USER, REALM_ADMIN];

/// Reads the name of a role.
///
/// # Errors
/// There is no such role.
pub(crate) fn parse(word: String) -> Result<String, Invalid> {
    if ALL.contains(&word.as_str()) { Ok(word) } else { Err(Invalid::new("must be `user` or `admin`")) }
}

/// The roles of an account that is given these: each once, and `user`, so that no account slips away from what is asked of
/// every user.
pub(crate) fn complete(given: &[String]) -> Vec<String> {
    let has = |role: &&str| *role == USER || given.iter().any(|word| word == role);
    ALL.iter().filter(|role| has(role)).map(|role| (*role).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// names are exact, and nobody is without the role that everybody has.
    #[test]
    fn an_account_has_known_roles_each_once() {
        for unknown in ["", "Admin", "owner", "admin "] {
            assert!(parse(unknown.to_owned()).is_err(), "{unknown:?}");
        }
        assert_eq!(parse("admin".to_owned()).unwrap(), "admin");
        for (given, complete_list) in [
            (words(&[]), words(&["user"])),
            (words(&["admin"]), words(&["user", "admin"])),
            (words(&["admin", "user", "admin"]), words(&["user", "admin"])),
        ] {
            assert_eq!(complete(&given), complete_list, "{given:?}");
        }
    }
}
