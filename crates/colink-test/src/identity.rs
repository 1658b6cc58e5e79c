//! Users and their access tokens, without the auth service.
//!
//! Tokens are real: signed with an Ed25519 key whose public half a JWKS server publishes, as the auth service does.
//! Every way a token can be wrong has a method on [`Mint`].

use std::time::Duration;

use actix_web::{HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colink_auth::ServiceTokens;
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{SessionId, UserId};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::local_server::LocalServer;
use crate::names;
use crate::refusals::BadToken;
use crate::stage::INTERNAL_SECRET;

/// The audience of every access token here.
pub const AUDIENCE: &str = "colink";
/// The issuer of every access token here.
pub const ISSUER: &str = "https://identity.colink.test";

/// An issuer of tokens with its JWKS server.
#[derive(Debug)]
pub struct TestIdentity {
    key: SigningKey,
    kid: String,
    server: LocalServer,
}

/// Somebody who signs in.
#[derive(Clone, Debug)]
pub struct TestUser {
    /// `sub`.
    pub id: UserId,
    /// `sid`.
    pub session_id: SessionId,
    /// `preferred_username`: the given name with a suffix that makes it unique.
    pub username: String,
    /// `email`.
    pub email: String,
    /// `realm_roles`: `user`, and `admin` for realm admins.
    pub realm_roles: Vec<String>,
}

impl TestIdentity {
    /// A new key and its server.
    #[must_use]
    pub fn start() -> Self {
        let key = new_key();
        let kid = format!("test-{}", names::unique());
        let keys = json!({ "keys": [jwk(&key, &kid)] });
        let server = LocalServer::start(move |routes| {
            let keys = keys.clone();
            routes.route(
                "/.well-known/jwks.json",
                web::get().to(move || std::future::ready(HttpResponse::Ok().json(&keys))),
            );
        });
        Self { key, kid, server }
    }

    /// Where services find the keys.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.server.base_url())
    }

    /// A new user; `name` is the beginning of the username.
    #[must_use]
    pub fn user(&self, name: &str) -> TestUser {
        let username = format!("{name}.{}", names::unique());
        TestUser {
            id: UserId::generate(&SystemClock),
            session_id: SessionId::generate(&SystemClock),
            email: format!("{username}@example.test"),
            username,
            realm_roles: vec!["user".to_owned()],
        }
    }

    /// A new realm admin.
    #[must_use]
    pub fn admin(&self, name: &str) -> TestUser {
        let mut user = self.user(name);
        user.realm_roles.push("admin".to_owned());
        user
    }

    /// A valid token.
    #[must_use]
    pub fn token(&self, user: &TestUser) -> String {
        self.mint(user).sign()
    }

    /// What is no valid token, each with the code it is refused with.
    #[must_use]
    pub fn bad_tokens(&self, user: &TestUser) -> Vec<BadToken> {
        vec![
            (None, "UNAUTHORIZED"),
            (Some("nonsense".to_owned()), "TOKEN_INVALID"),
            (Some(self.mint(user).expired().sign()), "TOKEN_EXPIRED"),
            (Some(self.mint(user).audience("another").sign()), "TOKEN_INVALID"),
            (Some(self.mint(user).other_key().sign()), "TOKEN_INVALID"),
            (Some(self.mint(user).unsigned()), "TOKEN_INVALID"),
        ]
    }

    /// A token that is valid until something is changed.
    pub fn mint(&self, user: &TestUser) -> Mint {
        let now = SystemClock.now().timestamp();
        let claims = json!({
            "iss": ISSUER,
            "sub": user.id,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 900,
            "jti": names::unique(),
            "sid": user.session_id,
            "email": user.email,
            "preferred_username": user.username,
            "realm_roles": user.realm_roles,
            "amr": ["pwd"],
        });
        let Value::Object(claims) = claims else { unreachable!("an object literal") };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        Mint { claims, header, key: self.key.clone(), now }
    }
}

/// A token in the making.
#[derive(Clone, Debug)]
#[must_use = "a token is made by `sign`"]
pub struct Mint {
    claims: Map<String, Value>,
    header: Header,
    key: SigningKey,
    now: i64,
}

impl Mint {
    /// Expired an hour ago.
    pub fn expired(self) -> Self {
        let (issued, expired) = (self.now - 7200, self.now - 3600);
        self.claim("iat", issued).claim("exp", expired)
    }

    /// Valid for `lifetime` from now, whole seconds.
    pub fn valid_for(self, lifetime: Duration) -> Self {
        let expires = self.now + i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2);
        self.claim("exp", expires)
    }

    /// For somebody else's API.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// From another issuer.
    pub fn issuer(self, issuer: &str) -> Self {
        self.claim("iss", issuer)
    }

    /// Signed with a key nobody published, under the published key id.
    pub fn other_key(mut self) -> Self {
        self.key = new_key();
        self
    }

    /// Signed under a key id nobody published.
    pub fn unknown_kid(mut self) -> Self {
        self.header.kid = Some("nobody-published-this".to_owned());
        self
    }

    /// With this claim set; `Value::Null` takes the claim away.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        match value.into() {
            Value::Null => self.claims.remove(name),
            value => self.claims.insert(name.to_owned(), value),
        };
        self
    }

    /// `alg: none` and an empty signature: what an attacker tries first.
    #[must_use]
    pub fn unsigned(self) -> String {
        let header = json!({ "alg": "none", "typ": "JWT", "kid": self.header.kid });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(&Value::Object(self.claims)))
    }

    /// The token.
    ///
    /// # Panics
    /// When it cannot be signed.
    #[must_use]
    pub fn sign(self) -> String {
        let der = self.key.to_pkcs8_der().expect("PKCS #8");
        let key = EncodingKey::from_ed_der(der.as_bytes());
        jsonwebtoken::encode(&self.header, &self.claims, &key).expect("a signed token")
    }
}

fn new_key() -> SigningKey {
    SigningKey::from_bytes(&rand::random::<[u8; 32]>())
}

fn jwk(key: &SigningKey, kid: &str) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x })
}

/// The token with which the service `caller` calls `audience`.
///
/// # Panics
/// When it cannot be signed.
#[must_use]
pub fn service_token(caller: &str, audience: &str) -> String {
    let secret = SecretString::from(INTERNAL_SECRET);
    let tokens = ServiceTokens::new(&secret, caller, SystemClock::shared()).expect("a long secret");
    tokens.mint(audience).expect("a signed token")
}
