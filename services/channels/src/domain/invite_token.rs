//! The secret of an invitation: 256 random bits that are shown once; only their hash is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A token as it stands in a link.
pub(crate) struct InviteToken(String);

impl InviteToken {
    /// A new token.
    pub(crate) fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// The token, for the answer to whoever invites.
    pub(crate) fn reveal(self) -> String {
        self.0
    }

    /// What is stored and looked up.
    pub(crate) fn hash(&self) -> Vec<u8> {
        hash_of(&self.0)
    }
}

/// The hash of a token that somebody brought, well-formed or not.
pub(crate) fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// What an event says of an address: the SHA-256 of its normalised form in hex.
pub(crate) fn email_hash(normalised: &str) -> String {
    hex::encode(Sha256::digest(normalised))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-2: a token cannot be guessed, and what is stored does not tell it.
    #[test]
    fn tokens_differ_and_are_found_by_their_hash() {
        let (one, other) = (InviteToken::generate(), InviteToken::generate());
        let hash = one.hash();
        assert_ne!(hash, other.hash());
        let token = one.reveal();
        assert_eq!(token.len(), 43);
        assert_eq!(hash_of(&token), hash);
    }
}
