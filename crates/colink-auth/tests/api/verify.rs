//! which tokens are believed.

use std::time::Duration;

use colink_auth::{AuthConfig, Claims, Jwk, TokenError, TokenSigner, Verifier};
use colink_core::clock::SharedClock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::harness::{AUDIENCE, ISSUER, claims, clock, set, signer};

fn config() -> AuthConfig {
    AuthConfig::new(ISSUER, AUDIENCE, "http://127.0.0.1:1/unused")
}

fn verifier(signer: &TokenSigner, clock: SharedClock) -> Verifier {
    Verifier::with_keys(&config(), &set(&[signer]), clock)
}

/// A token of any header and claims, signed with any key.
fn token(header: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

fn with(claims: &Claims, name: &str, value: Value) -> Value {
    let mut all = serde_json::to_value(claims).unwrap();
    match value {
        Value::Null => all.as_object_mut().unwrap().remove(name),
        value => all.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    all
}

#[actix_web::test]
async fn a_good_token_gives_its_claims_again_and_again() {
    let (_, clock) = clock();
    let signer = signer("k1");
    let verifier = verifier(&signer, clock.clone());
    let claims = claims(clock.as_ref());
    let token = signer.sign(&claims).unwrap();
    for _ in 0..3 {
        assert_eq!(*verifier.verify(&token).await.unwrap(), claims);
    }
    assert!(!format!("{claims:?}").contains("ann@"), "claims end up in logs");
}

/// A token of a remembered signature still ends in time.
#[actix_web::test]
async fn times_are_compared_with_the_clock_each_time() {
    let (moved, clock) = clock();
    let signer = signer("k1");
    let verifier = verifier(&signer, clock.clone());
    let token = signer.sign(&claims(clock.as_ref())).unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    moved.advance(Duration::from_secs(900 + 29));
    assert!(verifier.verify(&token).await.is_ok(), "within the leeway");
    moved.advance(Duration::from_secs(2));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
    let fresh = Verifier::with_keys(&config(), &set(&[&signer]), clock.clone());
    assert_eq!(fresh.verify(&token).await, Err(TokenError::Expired));
    let now = clock.now().timestamp();
    let early = |by: i64| Claims { nbf: Some(now + by), ..claims(clock.as_ref()) };
    assert_eq!(verifier.verify(&signer.sign(&early(40)).unwrap()).await, Err(TokenError::Invalid));
    assert!(verifier.verify(&signer.sign(&early(20)).unwrap()).await.is_ok());
    let future = Claims { iat: now + 40, ..claims(clock.as_ref()) };
    assert_eq!(verifier.verify(&signer.sign(&future).unwrap()).await, Err(TokenError::Invalid));
}

#[actix_web::test]
async fn wrong_claims_are_refused() {
    let (_, clock) = clock();
    let seed: [u8; 32] = rand::random();
    let signer = TokenSigner::new("k1", &seed).unwrap();
    let verifier = verifier(&signer, clock.clone());
    let good = claims(clock.as_ref());
    let cases = [
        ("iss", json!("https://evil.test")),
        ("iss", Value::Null),
        ("aud", json!("another-api")),
        ("aud", Value::Null),
        ("sub", json!("not an id")),
        ("sub", Value::Null),
        ("sid", Value::Null),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("exp", json!(-1)),
        ("iat", Value::Null),
        ("jti", Value::Null),
        ("realm_roles", json!("admin")),
    ];
    let key = ed25519(&seed);
    for (name, value) in cases {
        let token = token(&header("k1", Algorithm::EdDSA), &with(&good, name, value.clone()), &key);
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid), "{name}: {value}");
    }
    let token = token(&header("k1", Algorithm::EdDSA), &with(&good, "email", Value::Null), &key);
    assert_eq!(verifier.verify(&token).await.unwrap().email, None);
}

#[actix_web::test]
async fn forged_tokens_are_refused() {
    let (_, clock) = clock();
    let (signer, stranger) = (signer("k1"), signer("k1"));
    let verifier = verifier(&signer, clock.clone());
    let good = claims(clock.as_ref());
    let claims = serde_json::to_value(&good).unwrap();
    let honest = signer.sign(&good).unwrap();
    let [head, body, signature] = honest.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let none = encode(&json!({ "alg": "none", "typ": "JWT", "kid": "k1" }));
    let none_cased = encode(&json!({ "alg": "NoNe", "typ": "JWT", "kid": "k1" }));
    let admin = encode(&with(&good, "realm_roles", json!(["admin"])));
    let jwk = serde_json::to_value(signer.jwk()).unwrap();
    let x = jwk["x"].as_str().unwrap();
    let public = EncodingKey::from_urlsafe_base64_secret(&format!("{x}=")).unwrap();
    let mut needs_more = header("k1", Algorithm::EdDSA);
    needs_more.crit = Some(vec!["b64".to_owned()]);
    let mut own_key = header("k1", Algorithm::EdDSA);
    own_key.jwk = Some(stranger.jwk().clone());
    let seed: [u8; 32] = rand::random();
    let nobody = Header::new(Algorithm::EdDSA);
    let cases = [
        ("a stranger's key under a known id", stranger.sign(&good).unwrap()),
        ("a key of its own in the header", token(&own_key, &claims, &ed25519(&seed))),
        ("alg none, no signature", format!("{none}.{body}.")),
        ("alg none, some signature", format!("{none}.{body}.{signature}")),
        ("alg NoNe", format!("{none_cased}.{body}.")),
        ("HS256 with the public key as secret", token(&header("k1", Algorithm::HS256), &claims, &public)),
        ("HS256 with the text of the public key", {
            token(&header("k1", Algorithm::HS256), &claims, &EncodingKey::from_secret(x.as_bytes()))
        }),
        (
            "HS256 with no secret",
            token(&header("k1", Algorithm::HS256), &claims, &EncodingKey::from_secret(b"")),
        ),
        ("other claims under the signature", format!("{head}.{admin}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{honest}.x")),
        ("nonsense", "nonsense".to_owned()),
        ("no key id", token(&nobody, &claims, &ed25519(&seed))),
        ("an unknown key id", token(&header("k2", Algorithm::EdDSA), &claims, &ed25519(&seed))),
        ("an extension that must be understood", token(&needs_more, &claims, &ed25519(&seed))),
        ("too long", format!("{honest}{}", "a".repeat(9000))),
    ];
    for (what, token) in cases {
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid), "{what}");
    }
    assert_eq!(verifier.verify("").await, Err(TokenError::Missing));
    assert!(verifier.verify(&honest).await.is_ok());
}

/// One key of each kind that must be left out, beside a good one.
#[actix_web::test]
async fn unusable_keys_are_left_out_and_break_nothing() {
    let (_, clock) = clock();
    let signer = signer("good");
    let mut short = serde_json::to_value(signer.jwk()).unwrap();
    short["kid"] = json!("short");
    short["x"] = json!("AAAA");
    let mut for_encryption = serde_json::to_value(signer.jwk()).unwrap();
    for_encryption["kid"] = json!("enc");
    for_encryption["use"] = json!("enc");
    let secret = json!({ "kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0" });
    let keys = [short, for_encryption, secret, serde_json::to_value(signer.jwk()).unwrap()];
    let keys: Vec<Jwk> = keys.into_iter().map(|key| serde_json::from_value(key).unwrap()).collect();
    let verifier = Verifier::with_keys(&config(), &colink_auth::JwkSet { keys }, clock.clone());
    let claims = claims(clock.as_ref());
    assert!(verifier.verify(&signer.sign(&claims).unwrap()).await.is_ok());
    let values = serde_json::to_value(&claims).unwrap();
    let by_secret = EncodingKey::from_secret(b"secret");
    let forged = token(&header("oct", Algorithm::HS256), &values, &by_secret);
    assert_eq!(verifier.verify(&forged).await, Err(TokenError::Invalid));
    for kid in ["short", "enc"] {
        let forged = token(&header(kid, Algorithm::EdDSA), &values, &ed25519(&rand::random()));
        assert_eq!(verifier.verify(&forged).await, Err(TokenError::Invalid), "{kid}");
    }
}

#[actix_web::test]
async fn a_key_that_is_taken_back_is_believed_no_longer() {
    let (_, clock) = clock();
    let (old, new) = (signer("old"), signer("new"));
    let verifier = Verifier::with_keys(&config(), &set(&[&old]), clock.clone());
    let token = old.sign(&claims(clock.as_ref())).unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    verifier.set_keys(&set(&[&old, &new]));
    assert!(verifier.verify(&token).await.is_ok(), "keys overlap");
    verifier.set_keys(&set(&[&new]));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Invalid));
}

/// ES256: what other issuers sign with.
#[actix_web::test]
async fn es256_is_believed_too() {
    // PKCS #8 around a bare P-256 scalar.
    let mut der =
        vec![0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    der.extend([
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    ]);
    der.extend([0x01, 0x04, 0x20, 0x01]);
    der.extend(rand::random::<[u8; 31]>());
    let (_, clock) = clock();
    let key = EncodingKey::from_ec_der(&der);
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("es".to_owned());
    let verifier = Verifier::with_keys(&config(), &colink_auth::JwkSet { keys: vec![jwk] }, clock.clone());
    let claims = serde_json::to_value(claims(clock.as_ref())).unwrap();
    let good = token(&header("es", Algorithm::ES256), &claims, &key);
    assert!(verifier.verify(&good).await.is_ok());
    let confused = token(&header("es", Algorithm::EdDSA), &claims, &ed25519(&rand::random()));
    assert_eq!(verifier.verify(&confused).await, Err(TokenError::Invalid));
}

fn header(kid: &str, algorithm: Algorithm) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    header
}

fn ed25519(seed: &[u8; 32]) -> EncodingKey {
    use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
    let der = KeypairBytes { secret_key: *seed, public_key: None }.to_pkcs8_der().unwrap();
    EncodingKey::from_ed_der(der.as_bytes())
}

/// One part of a token, as text. (Base64url without a library: three bytes are four letters.)
fn encode(part: &Value) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = part.to_string();
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for letter in 0..=three.len() {
            encoded.push(char::from(LETTERS[(bits >> (18 - 6 * letter)) as usize & 63]));
        }
    }
    encoded
}
