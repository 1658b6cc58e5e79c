//! What a password may be. A password is compared after NFKC, so that every keyboard makes the same one.

use std::collections::HashSet;
use std::sync::LazyLock;

use colink_core::error::Invalid;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Longer ones are refused: hashing must not be a way to burn our time.
const MAX: usize = 128;

/// The passwords that are tried first, in lower case.
static WIDELY_USED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// `[passwords]`: what a new password must be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub min_length: u16,
    /// Whether upper case, digit and special character are asked for.
    pub composition: bool,
}

/// A password in its comparable form. It is never printed.
#[derive(Debug, Clone)]
pub(crate) struct Password(SecretString);

impl Password {
    /// A password that somebody claims to have.
    ///
    /// # Errors
    /// [`Invalid`] when it is absent or too long to be anybody's.
    pub(crate) fn claimed(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::required());
        }
        // Before normalising, so that the work is bounded; NFKC makes one character into 18 at most.
        if text.chars().count() > MAX {
            return Err(Invalid::new(format!("must have at most {MAX} characters")));
        }
        Ok(Self(text.nfkc().collect::<String>().into()))
    }

    /// A password that somebody wants to have.
    ///
    /// # Errors
    /// [`Invalid`] with everything that is missing.
    pub(crate) fn chosen(text: &str, policy: PasswordPolicy) -> Result<Self, Invalid> {
        let password = Self::claimed(text)?;
        let chosen = password.0.expose_secret();
        let missing = missing(chosen, policy);
        if !missing.is_empty() {
            return Err(Invalid::new(format!("must have {}", missing.join(", "))));
        }
        if WIDELY_USED.contains(chosen.to_lowercase().as_str()) {
            return Err(Invalid::new("is one of the passwords that are tried first: choose another one"));
        }
        Ok(password)
    }

    /// What is hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

fn missing(text: &str, policy: PasswordPolicy) -> Vec<String> {
    let mut missing = Vec::new();
    if text.chars().count() < usize::from(policy.min_length) {
        missing.push(format!("at least {} characters", policy.min_length));
    }
    if policy.composition {
        let asked = [
            ("an upper case letter", text.chars().any(char::is_uppercase)),
            ("a digit", text.chars().any(|c| c.is_ascii_digit())),
            ("a special character", text.chars().any(is_special)),
        ];
        missing.extend(asked.iter().filter(|(_, there)| !there).map(|(what, _)| (*what).to_owned()));
    }
    missing
}

fn is_special(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: PasswordPolicy = PasswordPolicy { min_length: 8, composition: true };

    fn refusal(text: &str) -> String {
        Password::chosen(text, POLICY).unwrap_err().0
    }

    /// at least 8 with upper case, digit and special; everything that is missing is said at once.
    #[test]
    fn the_rules_are_listed() {
        assert!(Password::chosen("Gr4phite!", POLICY).is_ok());
        assert!(Password::chosen("Gr4phit!", POLICY).is_ok());
        assert_eq!(refusal("Gr4phi!"), "must have at least 8 characters");
        assert_eq!(
            refusal("abc"),
            "must have at least 8 characters, an upper case letter, a digit, a special character"
        );
        assert_eq!(refusal(""), "is required");
        assert!(Password::chosen(&format!("A1!{}", "x".repeat(125)), POLICY).is_ok());
        assert_eq!(refusal(&format!("A1!{}", "x".repeat(126))), "must have at most 128 characters");
    }

    /// the bundled list is compared without case.
    #[test]
    fn a_widely_used_password_is_refused() {
        for word in ["P@ssw0rd", "PASSWORD1!", "Welcome123!"] {
            assert!(refusal(word).contains("tried first"), "{word}");
        }
    }

    /// NIST style, length without composition.
    #[test]
    fn composition_can_be_switched_off() {
        let long = PasswordPolicy { min_length: 15, composition: false };
        assert!(Password::chosen("four plain words", long).is_ok());
        assert!(Password::chosen("Sh0rt!", long).is_err());
    }

    #[test]
    fn the_same_characters_typed_otherwise_are_the_same_password() {
        let (composed, apart) = ("Caf\u{e9} 1!au", "Cafe\u{301} 1!au");
        let bytes = |text| Password::claimed(text).unwrap().as_bytes().to_owned();
        assert_eq!(bytes(composed), bytes(apart));
    }

    #[test]
    fn a_password_is_not_printed() {
        let password = Password::claimed("Gr4phite!").unwrap();
        assert!(!format!("{password:?}").contains("Gr4phite"));
    }
}
