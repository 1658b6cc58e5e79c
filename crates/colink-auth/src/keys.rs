//! The issuer's public keys. The algorithm of a token is the one its key is for, and only EdDSA (Ed25519) and
//! ES256 are known here: whatever a token's header claims cannot choose another.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::claims::Claims;

/// Bytes of an Ed25519 public key, and of an uncompressed point of P-256.
const ED25519_LEN: usize = 32;
const P256_LEN: usize = 65;

/// What every token must be about, whatever its key.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) issuer: String,
    pub(crate) audience: String,
}

/// The keys by their ids.
#[derive(Debug, Default)]
pub(crate) struct KeySet(HashMap<String, Arc<Key>>);

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    jwk: Jwk,
    decoding: DecodingKey,
    algorithm: Algorithm,
    validation: Validation,
}

/// A set as it is published; a key of an unknown kind must not make the others unreadable.
#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a published set; keys that are not for verifying with a known algorithm are left out.
    pub(crate) fn parse(json: &[u8], expected: &Expected) -> Result<Self, serde_json::Error> {
        let published: Published = serde_json::from_slice(json)?;
        let keys = published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self::of_keys(keys, expected))
    }

    pub(crate) fn of_jwks(set: &JwkSet, expected: &Expected) -> Self {
        Self::of_keys(set.keys.iter().cloned(), expected)
    }

    fn of_keys(keys: impl Iterator<Item = Jwk>, expected: &Expected) -> Self {
        let usable =
            keys.filter_map(|jwk| Some((jwk.common.key_id.clone()?, Arc::new(Key::new(jwk, expected)?))));
        Self(usable.collect())
    }

    pub(crate) fn get(&self, kid: &str) -> Option<Arc<Key>> {
        self.0.get(kid).cloned()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every key of this set is in `newer`, unchanged: tokens that were verified stay verified.
    pub(crate) fn is_kept_by(&self, newer: &Self) -> bool {
        self.0.iter().all(|(kid, key)| newer.0.get(kid).is_some_and(|other| other.jwk == key.jwk))
    }
}

impl Key {
    fn new(jwk: Jwk, expected: &Expected) -> Option<Self> {
        let for_signatures =
            jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let (algorithm, named, length) = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA, ED25519_LEN)
            }
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256, P256_LEN)
            }
            _ => return None,
        };
        let for_algorithm = jwk.common.key_algorithm.is_none_or(|algorithm| algorithm == named);
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        // The library takes a short key for granted and panics on it.
        let whole = decoding.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == length);
        if !(for_signatures && for_algorithm && whole) {
            return None;
        }
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&expected.issuer]);
        validation.set_audience(&[&expected.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are compared with the injected clock, by the verifier.
        validation.validate_exp = false;
        Some(Self { jwk, decoding, algorithm, validation })
    }

    /// The claims of a token that this key signed for us, whatever their times.
    pub(crate) fn read(&self, token: &str) -> jsonwebtoken::errors::Result<Claims> {
        jsonwebtoken::decode(token, &self.decoding, &self.validation).map(|token| token.claims)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
