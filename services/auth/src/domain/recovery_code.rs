//! Codes for whoever has lost his second factor: `xxxx-xxxx-xxxx-xxxx` in Crockford's base 32, made once and used once.
//!
//! A code has 80 random bits. Whoever steals the table would need 2^80 hashes for one, so a fast hash (SHA-256) is as good
//! as a slow one; the user's id goes into it, so that one guess tries one user. A code is found by its hash: no comparison
//! takes a time that depends on it.

use colink_core::error::Invalid;
use colink_core::id::UserId;
use sha2::{Digest, Sha256};

use super::opaque_token::TokenHash;

/// How many a user gets.
pub(crate) const COUNT: usize = 10;
/// From here on the user is told that few are left.
pub(crate) const FEW: i64 = 3;

const CHARACTERS: usize = 16;
const GROUP: usize = 4;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A recovery code in its comparable form. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecoveryCode([u8; CHARACTERS]);

impl RecoveryCode {
    /// A new code.
    pub(crate) fn generate() -> Self {
        let random: [u8; CHARACTERS] = rand::random();
        // 256 is a multiple of 32, so every character is as likely as the others.
        Self(random.map(|byte| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0')))
    }

    /// Reads what somebody typed: capitals, hyphens and spaces do not matter, and letters that look like a digit are
    /// that digit.
    ///
    /// # Errors
    /// [`Invalid`] when it cannot be a code.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("must be a recovery code: four times four letters and digits");
        if text.is_empty() {
            return Err(Invalid::required());
        }
        if text.len() > 4 * CHARACTERS {
            return Err(invalid());
        }
        let mut code = Vec::with_capacity(CHARACTERS);
        for byte in text.bytes().filter(|byte| !b"- ".contains(byte)) {
            let plain = match byte.to_ascii_lowercase() {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            if !ALPHABET.contains(&plain) {
                return Err(invalid());
            }
            code.push(plain);
        }
        code.try_into().map(Self).map_err(|_wrong_length| invalid())
    }

    /// What is stored.
    pub(crate) fn hash(&self, user_id: UserId) -> TokenHash {
        let mut hash = Sha256::new();
        hash.update(user_id.as_uuid().as_bytes());
        hash.update(self.0);
        TokenHash::of_digest(hash.finalize().into())
    }

    /// The text for its owner.
    pub(crate) fn reveal(&self) -> String {
        let groups =
            self.0.chunks(GROUP).map(|group| group.iter().copied().map(char::from).collect::<String>());
        groups.collect::<Vec<_>>().join("-")
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::SystemClock;

    use super::*;

    /// what was shown is read back, however it is typed.
    #[test]
    fn a_code_is_read_as_it_is_typed() {
        let code = RecoveryCode::generate();
        let text = code.reveal();
        assert_eq!((text.len(), text.matches('-').count()), (19, 3));
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', ""), text.replace('-', " ")] {
            assert_eq!(RecoveryCode::parse(&typed).unwrap(), code, "{typed}");
        }
        let alike = RecoveryCode::parse("OoIi-LlAA-0000-0000").unwrap();
        assert_eq!(alike.reveal(), "0011-11aa-0000-0000");
        assert!(!format!("{code:?}").contains(&text));
    }

    #[test]
    fn other_texts_are_no_code() {
        let long = "0".repeat(17);
        let wide = "０".repeat(16);
        for text in
            ["", "0000", "0000-0000-0000-000u", "0000-0000-0000-000!", &long, &wide, &"0".repeat(1 << 16)]
        {
            assert!(RecoveryCode::parse(text).is_err(), "{text}");
        }
    }

    /// the same code of two users is two hashes.
    #[test]
    fn a_hash_is_of_one_user() {
        let code = RecoveryCode::generate();
        let (ada, bob) = (UserId::generate(&SystemClock), UserId::generate(&SystemClock));
        assert_eq!(code.hash(ada), code.hash(ada));
        assert_ne!(code.hash(ada), code.hash(bob));
    }
}
