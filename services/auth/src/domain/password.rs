//! What a password may be. A password is compared after NFKC, so that every keyboard makes the same one.

mod policy;
mod widely_used;

use colink_core::error::Invalid;
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

pub use policy::PasswordPolicy;

/// Longer ones are refused, whatever the policy says: hashing must not be a way to burn our time.
pub(crate) const LONGEST: usize = 128;

/// What the product is called; nobody's password contains it.
const PRODUCT: &str = "colink";
/// Shorter names stand in too many words to be refused.
const SHORTEST_NAME: usize = 3;

/// A password in its comparable form. It is never printed.
#[derive(Debug, Clone)]
pub(crate) struct Password {
    /// After NFKC.
    comparable: SecretString,
    /// As it was typed, for hashes that other systems made.
    typed: SecretString,
}

/// Whose password it is to be: what it must not contain.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Owner<'a> {
    pub(crate) username: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
}

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
        if text.chars().count() > LONGEST {
            return Err(Invalid::new(format!("must have at most {LONGEST} characters")));
        }
        Ok(Self { comparable: text.nfkc().collect::<String>().into(), typed: text.to_owned().into() })
    }

    /// A password that somebody wants to have.
    ///
    /// # Errors
    /// [`Invalid`] with everything that is missing or must go.
    pub(crate) fn chosen(text: &str, policy: PasswordPolicy, owner: Owner<'_>) -> Result<Self, Invalid> {
        let password = Self::claimed(text)?;
        let chosen = password.comparable.expose_secret();
        let mut problems = Vec::new();
        let missing = policy.missing(chosen);
        if !missing.is_empty() {
            problems.push(format!("must have {}", missing.join(", ")));
        }
        let contained = owner.named_in(chosen);
        if !contained.is_empty() {
            problems.push(format!("must not contain {}", contained.join(", ")));
        }
        if widely_used::is_listed(chosen) {
            problems.push("is one of the passwords that are tried first: choose another one".to_owned());
        }
        if repeats_itself(chosen) {
            problems.push("must not be one piece over and over".to_owned());
        }
        if problems.is_empty() { Ok(password) } else { Err(Invalid::new(problems.join("; "))) }
    }

    /// What is hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.comparable.expose_secret().as_bytes()
    }

    /// As it was typed, where that differs from what is hashed here.
    pub(crate) fn typed_otherwise(&self) -> Option<&[u8]> {
        let typed = self.typed.expose_secret();
        (typed != self.comparable.expose_secret()).then_some(typed.as_bytes())
    }

    /// Whether both are the same password.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<'a> Owner<'a> {
    /// What of the owner the password contains, in words.
    fn named_in(self, password: &str) -> Vec<&'static str> {
        let password = password.to_lowercase();
        let contains = |name: Option<&'a str>| {
            name.is_some_and(|name| {
                name.chars().count() >= SHORTEST_NAME && password.contains(&name.to_lowercase())
            })
        };
        let local = self.email.and_then(|email| email.split('@').next());
        let named = [
            ("your username", contains(self.username)),
            ("the name in your mail address", contains(local)),
            ("the name of this product", contains(Some(PRODUCT))),
        ];
        named.iter().filter(|(_, there)| *there).map(|(what, _)| *what).collect()
    }
}

/// Whether the text is one piece twice or more often: `abcabcabc`, `aaaaaaaa`.
fn repeats_itself(text: &str) -> bool {
    let chars: Vec<char> = text.to_lowercase().chars().collect();
    let of_period = |period: usize| chars.iter().skip(period).eq(chars.iter().take(chars.len() - period));
    (1..=chars.len() / 2).any(of_period)
}

#[cfg(test)]
mod tests {
    use super::policy::PasswordStyle;
    use super::*;

    const POLICY: PasswordPolicy =
        PasswordPolicy { style: PasswordStyle::Composition, min_length: 8, max_length: 128 };
    const NIST: PasswordPolicy =
        PasswordPolicy { style: PasswordStyle::Nist, min_length: 15, max_length: 64 };

    fn chosen(text: &str) -> Result<Password, Invalid> {
        Password::chosen(text, POLICY, Owner::default())
    }

    fn refusal(text: &str) -> String {
        chosen(text).unwrap_err().0
    }

    /// at least 8 with upper case, digit and special; everything that is missing is said at once.
    #[test]
    fn the_rules_are_listed() {
        assert!(chosen("Gr4phyte!").is_ok());
        assert!(chosen("Gr4phyt!").is_ok());
        assert_eq!(refusal("Gr4phy!"), "must have at least 8 characters");
        assert_eq!(
            refusal("abc"),
            "must have at least 8 characters, an upper case letter, a digit, a special character"
        );
        assert_eq!(refusal(""), "is required");
        assert!(chosen(&format!("A1!{}", "x".repeat(125))).is_ok());
        assert_eq!(refusal(&format!("A1!{}", "x".repeat(126))), "must have at most 128 characters");
    }

    /// the bundled list is compared without case, without what the composition rule makes people append, and with
    /// the usual stand-ins of letters.
    #[test]
    fn a_widely_used_password_is_refused() {
        for word in ["P@ssw0rd", "PASSWORD1!", "Welcome123!", "Passw0rd!?", "Gr4phite!", "B@5ebal1!!"] {
            assert!(refusal(word).contains("tried first"), "{word}");
        }
    }

    /// NIST style, length without composition, and the same list.
    #[test]
    fn the_nist_style_asks_for_length_alone() {
        let nist =
            |text: &str| Password::chosen(text, NIST, Owner::default()).map(drop).map_err(|reason| reason.0);
        assert_eq!(nist("four plain words"), Ok(()));
        assert_eq!(nist(&"ab c".repeat(4)[..15]), Err("must not be one piece over and over".to_owned()));
        assert_eq!(nist("fourteen chars"), Err("must have at least 15 characters".to_owned()));
        assert_eq!(nist("fifteen letters"), Ok(()));
        assert_eq!(
            nist(&format!("{}b", "four plain word ".repeat(4))),
            Err("must have at most 64 characters".to_owned())
        );
        assert!(nist("1234567890qwertyuiop").unwrap_err().contains("tried first"));
    }

    /// neither names of the owner nor the product's.
    #[test]
    fn a_password_does_not_name_its_owner() {
        let owner = Owner { username: Some("ada.l"), email: Some("Lovelace@example.com") };
        let refused = |text: &str| Password::chosen(text, POLICY, owner).unwrap_err().0;
        assert_eq!(refused("X1!xADA.Lx"), "must not contain your username");
        assert_eq!(refused("My-LoveLace-1"), "must not contain the name in your mail address");
        assert_eq!(refused("In-CoLink-1815"), "must not contain the name of this product");
        assert_eq!(
            refused("ada.llovelacecolink"),
            "must have an upper case letter, a digit; must not contain your username, the name in your mail address, \
             the name of this product"
        );
        let short = Owner { username: None, email: Some("ad@example.com") };
        assert!(
            Password::chosen("Add-4-shadow", POLICY, short).is_ok(),
            "two letters stand in too many words"
        );
    }

    #[test]
    fn the_same_characters_typed_otherwise_are_the_same_password() {
        let (composed, apart) = ("Caf\u{e9} 1!au", "Cafe\u{301} 1!au");
        let [composed, apart] = [composed, apart].map(|text| Password::claimed(text).unwrap());
        assert!(composed.is(&apart));
        assert_eq!(composed.typed_otherwise(), None);
        assert_eq!(apart.typed_otherwise(), Some("Cafe\u{301} 1!au".as_bytes()));
    }

    #[test]
    fn a_password_is_not_printed() {
        let password = Password::claimed("Gr4phite!").unwrap();
        assert!(!format!("{password:?}").contains("Gr4phite"));
    }
}
