//! [`TokenSigner`]: issuing what [`crate::Verifier`] believes. Used by the issuer and by tests.

use std::fmt;

use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use crate::claims::Claims;
use crate::config::AuthError;

/// An Ed25519 key that signs access tokens.
pub struct TokenSigner {
    header: Header,
    key: EncodingKey,
    jwk: Jwk,
}

impl TokenSigner {
    /// The key of this seed under the id `kid`.
    ///
    /// # Errors
    /// [`AuthError::Key`] when the key cannot be encoded.
    pub fn new(kid: &str, seed: &[u8; 32]) -> Result<Self, AuthError> {
        // The short form, without the public half: the library knows no other.
        let key = KeypairBytes { secret_key: *seed, public_key: None }.to_pkcs8_der();
        let key = key
            .map_err(|error| ErrorKind::Provider(error.to_string()))
            .map_err(jsonwebtoken::errors::Error::from)?;
        let key = EncodingKey::from_ed_der(key.as_bytes());
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        jwk.common.key_id = Some(kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { header, key, jwk })
    }

    /// A token with these claims.
    ///
    /// # Errors
    /// [`AuthError::Key`] when signing fails.
    pub fn sign(&self, claims: &Claims) -> Result<String, AuthError> {
        Ok(jsonwebtoken::encode(&self.header, claims, &self.key)?)
    }

    /// The public half, as it is published.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSigner").field("kid", &self.header.kid).finish_non_exhaustive()
    }
}
