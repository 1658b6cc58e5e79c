//! An issuer's public keys. The algorithm of a token is the one that its key is for: a header that claims another finds no
//! key, so a public key is never used as a shared secret.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::transport::{Answer, TransportError};

/// Bytes of an Ed25519 public key, and of an uncompressed point of P-256.
const ED25519_LEN: usize = 32;
const P256_LEN: usize = 65;
/// Bytes of an RSA modulus: 2048 bits are the least that RFC 7518 allows, 8192 the most that are worth the time.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of an RSA exponent.
const EXPONENT: std::ops::RangeInclusive<usize> = 1..=4;
/// Keys that are looked at.
const KEYS_MAX: usize = 50;

/// The keys of a set that can be used here.
#[derive(Debug, Default)]
pub(crate) struct KeySet(Vec<Arc<VerifyingKey>>);

/// One key.
#[derive(Debug)]
pub(crate) struct VerifyingKey {
    kid: Option<String>,
    algorithm: Algorithm,
    decoding: DecodingKey,
}

/// A set as it is published; a key of an unknown kind must not make the others unreadable.
#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a published set.
    ///
    /// # Errors
    /// [`TransportError::Unreadable`].
    pub(crate) fn read(answer: &Answer) -> Result<Self, TransportError> {
        let published: Published = answer.json()?;
        Ok(Self::of(published.keys))
    }

    /// Those of these that can be used.
    fn of(published: Vec<serde_json::Value>) -> Self {
        let keys = published.into_iter().take(KEYS_MAX);
        let keys = keys.filter_map(|key| VerifyingKey::of(serde_json::from_value(key).ok()?)).map(Arc::new);
        Self(keys.collect())
    }

    /// The key with this id. A token may leave the id out when there is no choice.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<VerifyingKey>> {
        let mut fitting = self.0.iter().filter(|key| {
            key.algorithm == algorithm && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        });
        let first = fitting.next()?;
        fitting.next().is_none().then(|| Arc::clone(first))
    }
}

impl VerifyingKey {
    fn of(jwk: Jwk) -> Option<Self> {
        let usage = jwk.common.public_key_use.as_ref();
        let for_signatures = usage.is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let (algorithm, named, length) = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) if is_sound(rsa) => (Algorithm::RS256, KeyAlgorithm::RS256, None),
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256, Some(P256_LEN))
            }
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA, Some(ED25519_LEN))
            }
            _ => return None,
        };
        let for_algorithm = jwk.common.key_algorithm.is_none_or(|algorithm| algorithm == named);
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        // The library takes a short key for granted and panics on it.
        let whole =
            length.is_none_or(|length| decoding.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == length));
        let kid = jwk.common.key_id;
        (for_signatures && for_algorithm && whole).then_some(Self { kid, algorithm, decoding })
    }

    /// The claims of a token that this key signed; whom it is from and for and its times are not looked at.
    pub(crate) fn read<T: DeserializeOwned>(&self, token: &str) -> jsonwebtoken::errors::Result<T> {
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        validation.validate_exp = false;
        jsonwebtoken::decode(token, &self.decoding, &validation).map(|token| token.claims)
    }
}

fn is_sound(rsa: &RSAKeyParameters) -> bool {
    let length = |text: &str| URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.len());
    MODULUS.contains(&length(&rsa.n)) && EXPONENT.contains(&length(&rsa.e))
}
