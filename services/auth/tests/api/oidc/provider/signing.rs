//! The provider's keys and tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::{Behaviour, CLIENT_ID, Grant};

/// How tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Es256,
    Rs256,
    EdDsa,
    /// With a key that is published only when it is wanted.
    NextEs256,
    /// With a key nobody published, under the published id.
    Forged,
    /// `alg: none`.
    Not,
    /// With the public key as a shared secret.
    ByPublicKey,
}

/// A token with these claims and this type in its header; under the id of another key, if one is named.
pub(super) fn issue(signed: Signed, other: Option<&str>, typ: &str, claims: &Value) -> String {
    let (key, algorithm) = private(signed);
    let kid = other.unwrap_or(kid(signed)).to_owned();
    let header = Header { kid: Some(kid), typ: Some(typ.to_owned()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

fn private(signed: Signed) -> (EncodingKey, Algorithm) {
    match signed {
        Signed::Rs256 => (EncodingKey::from_rsa_der(include_bytes!("keys/rs256.der")), Algorithm::RS256),
        Signed::EdDsa => (EncodingKey::from_ed_der(include_bytes!("keys/ed25519.der")), Algorithm::EdDSA),
        Signed::NextEs256 | Signed::Forged => {
            (EncodingKey::from_ec_der(include_bytes!("keys/es256-next.der")), Algorithm::ES256)
        }
        Signed::Es256 | Signed::Not | Signed::ByPublicKey => {
            (EncodingKey::from_ec_der(include_bytes!("keys/es256.der")), Algorithm::ES256)
        }
    }
}

fn kid(signed: Signed) -> &'static str {
    match signed {
        Signed::Rs256 => "rs",
        Signed::EdDsa => "ed",
        Signed::NextEs256 => "next",
        Signed::Es256 | Signed::Forged | Signed::Not | Signed::ByPublicKey => "es",
    }
}

pub(super) fn jwk(signed: Signed) -> Value {
    let (key, algorithm) = private(signed);
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).unwrap()).unwrap();
    jwk["kid"] = kid(signed).into();
    jwk["use"] = "sig".into();
    jwk
}

pub(super) fn id_token(behaviour: &Behaviour, issuer: &str, grant: &Grant, access_token: &str) -> String {
    let now = behaviour.clock.now().timestamp();
    let half = |hash: &[u8]| URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
    let at_hash = match behaviour.signed {
        Signed::EdDsa => half(&Sha512::digest(access_token)),
        _ => half(&Sha256::digest(access_token)),
    };
    let someone = &grant.someone;
    let mut claims = json!({
        "iss": issuer, "sub": someone.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
        "nonce": grant.nonce, "at_hash": at_hash, "email": someone.email,
        "email_verified": someone.email_verified, "name": someone.name,
        "preferred_username": someone.username,
    });
    for (name, value) in &behaviour.claims {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    let signed = behaviour.signed;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    if signed == Signed::Not {
        return format!("{}.{}.", part(&json!({"alg": "none", "kid": kid(signed)})), part(&claims));
    }
    let (key, algorithm) = private(signed);
    let (key, algorithm) = match signed {
        Signed::ByPublicKey => {
            let public = jwk(Signed::Es256)["x"].as_str().unwrap().as_bytes().to_vec();
            (EncodingKey::from_secret(&public), Algorithm::HS256)
        }
        _ => (key, algorithm),
    };
    let header = Header { kid: Some(kid(signed).to_owned()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}
