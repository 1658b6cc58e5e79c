//! Tokens are what the auth service would issue, or wrong in exactly one way.

use colink_test::{AUDIENCE, Client, ISSUER, TestIdentity};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

async fn verify(identity: &TestIdentity, token: &str) -> Result<Value, ErrorKind> {
    let published = Client::new(identity.jwks_url()).get("").await.expect(200);
    let keys: JwkSet = serde_json::from_value(published.json()).unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = keys.find(&kid).ok_or(ErrorKind::InvalidKeyFormat)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    let verified = decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation);
    verified.map(|token| token.claims).map_err(jsonwebtoken::errors::Error::into_kind)
}

#[tokio::test]
async fn a_token_verifies_against_the_published_key_and_carries_the_user() {
    let identity = TestIdentity::start();
    let alice = identity.admin("alice");
    let claims = verify(&identity, &identity.token(&alice)).await.unwrap();
    assert_eq!(claims["sub"], alice.id.to_string());
    assert_eq!(claims["sid"], alice.session_id.to_string());
    assert_eq!(claims["preferred_username"], alice.username);
    assert_eq!(claims["realm_roles"], serde_json::json!(["user", "admin"]));
}

#[tokio::test]
async fn a_token_is_wrong_in_the_way_that_was_asked_for() {
    let identity = TestIdentity::start();
    let bob = identity.user("bob");
    let mint = || identity.mint(&bob);
    let refusals = [
        (mint().expired().sign(), ErrorKind::ExpiredSignature),
        (mint().audience("others").sign(), ErrorKind::InvalidAudience),
        (mint().issuer("https://evil.test").sign(), ErrorKind::InvalidIssuer),
        (mint().other_key().sign(), ErrorKind::InvalidSignature),
        (mint().unknown_kid().sign(), ErrorKind::InvalidKeyFormat),
    ];
    for (token, refusal) in refusals {
        assert_eq!(verify(&identity, &token).await.unwrap_err(), refusal);
    }
    assert!(mint().unsigned().ends_with('.'));
    assert!(
        verify(&identity, &mint().claim("email", serde_json::Value::Null).sign()).await.unwrap()["email"]
            .is_null()
    );
}

#[test]
fn two_users_of_a_name_are_two_users() {
    let identity = TestIdentity::start();
    let (one, two) = (identity.user("eve"), identity.user("eve"));
    assert_ne!(one.id, two.id);
    assert_ne!(one.email, two.email);
}
