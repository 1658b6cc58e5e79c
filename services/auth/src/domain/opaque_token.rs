//! Tokens that mean nothing by themselves: 32 random bytes, written in base64url.
//!
//! Only the SHA-256 is stored. That is enough without a salt, because nobody can try 2^256 values; a token is
//! found by its hash, so no comparison takes a time that depends on it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const BYTES: usize = 32;

/// A refresh token or the token of a mailed link. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct OpaqueToken([u8; BYTES]);

/// What is stored of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

impl OpaqueToken {
    /// A new token.
    pub(crate) fn generate() -> Self {
        Self(rand::random())
    }

    /// Reads a token; `None` when the text cannot be one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (length == BYTES).then_some(Self(bytes))
    }

    /// What is stored.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    /// The text for its owner.
    pub(crate) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for OpaqueToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueToken(…)")
    }
}

impl TokenHash {
    /// The SHA-256 of another secret of as much chance.
    pub(crate) fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The bytes, for a query.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the stored hash, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_hashes_alike() {
        let token = OpaqueToken::generate();
        let text = token.reveal();
        assert_eq!(text.len(), 43);
        assert_eq!(OpaqueToken::parse(&text).unwrap().hash(), token.hash());
        assert_ne!(OpaqueToken::generate().hash(), token.hash());
        assert!(token.hash().is(token.hash().as_bytes()));
        assert!(!token.hash().is(OpaqueToken::generate().hash().as_bytes()) && !token.hash().is(b""));
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        let long = "A".repeat(44);
        for text in ["", "short", "ü", long.as_str(), &"=".repeat(43), &"A".repeat(4000)] {
            assert!(OpaqueToken::parse(text).is_none(), "{text}");
        }
    }
}
