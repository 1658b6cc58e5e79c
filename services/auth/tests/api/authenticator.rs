//! An authenticator in software: what a security key or a phone would answer, and what a thief would like it to.
//!
//! It follows WebAuthn level 3: `authenticatorData` (section 6.1), attestation `none` (8.7), ES256 (RFC 9053).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use colink_test::Answer;

use crate::harness::{Session, World};

/// The web client of the default configuration.
pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// One authenticator with at most one passkey. Everything may be changed before it answers.
#[derive(Clone)]
pub(crate) struct Authenticator {
    /// What the browser says where it is.
    pub(crate) origin: String,
    /// What the browser says whose passkey is asked for.
    pub(crate) rp_id: String,
    /// Whether somebody touches it.
    pub(crate) touched: bool,
    /// Whether it checks who holds it.
    pub(crate) verifies: bool,
    /// Whether it finds its passkey by itself.
    pub(crate) discoverable: bool,
    /// Whether its passkey is copied elsewhere.
    pub(crate) backed_up: bool,
    /// How often it has signed; `None`: it does not count.
    pub(crate) counter: Option<u32>,
    pub(crate) credential_id: Vec<u8>,
    /// Whose passkey it has.
    pub(crate) user_handle: Option<Vec<u8>>,
    /// What the client data say besides.
    pub(crate) client_data: Value,
    /// What it signs with.
    pub(crate) key: SigningKey,
}

impl Authenticator {
    /// One that verifies its user and counts.
    pub(crate) fn new() -> Self {
        Self {
            origin: ORIGIN.to_owned(),
            rp_id: "localhost".to_owned(),
            touched: true,
            verifies: true,
            discoverable: true,
            backed_up: false,
            counter: Some(0),
            credential_id: rand::random::<[u8; 16]>().to_vec(),
            user_handle: None,
            client_data: json!({"crossOrigin": false}),
            key: SigningKey::from_slice(&rand::random::<[u8; 32]>()).unwrap(),
        }
    }

    /// A plain security key: it knows nobody.
    pub(crate) fn without_verification() -> Self {
        Self { verifies: false, discoverable: false, ..Self::new() }
    }

    /// `navigator.credentials.create(options)`, then `toJSON`.
    pub(crate) fn create(&mut self, options: &Value) -> Value {
        self.user_handle = Some(decode(&options["user"]["id"]));
        let data = self.client_data("webauthn.create", &options["challenge"]);
        let attested =
            [&[0_u8; 16][..], &length(&self.credential_id), &self.credential_id, &self.public_key()].concat();
        let authenticator_data = [self.authenticator_data(0x40), attested].concat();
        let object = [
            &[0xa3, 0x63][..],
            b"fmt",
            &[0x64],
            b"none",
            &[0x67],
            b"attStmt",
            &[0xa0, 0x68],
            b"authData",
            &[0x59],
            &length(&authenticator_data),
            &authenticator_data,
        ]
        .concat();
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {"credProps": {"rk": self.discoverable}},
            "response": {
                "clientDataJSON": encode(&data),
                "attestationObject": encode(&object),
                "transports": ["usb", "nfc", "cable"],
                "publicKeyAlgorithm": -7,
            },
        })
    }

    /// `navigator.credentials.get(options)`, then `toJSON`.
    pub(crate) fn get(&mut self, options: &Value) -> Value {
        let data = self.client_data("webauthn.get", &options["challenge"]);
        self.counter = self.counter.map(|counter| counter + 1);
        let authenticator_data = self.authenticator_data(0);
        let signed = [authenticator_data.as_slice(), &Sha256::digest(&data)].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": encode(&self.credential_id),
            "rawId": encode(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&data),
                "authenticatorData": encode(&authenticator_data),
                "signature": encode(signature.to_der().as_bytes()),
                "userHandle": self.user_handle.as_deref().map(encode),
            },
        })
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let mut data = json!({"type": kind, "challenge": challenge, "origin": self.origin});
        data.as_object_mut().unwrap().extend(self.client_data.as_object().unwrap().clone());
        serde_json::to_vec(&data).unwrap()
    }

    fn authenticator_data(&self, more_flags: u8) -> Vec<u8> {
        let backup = if self.backed_up { 0x18 } else { 0 };
        let flags = u8::from(self.touched) | u8::from(self.verifies) << 2 | backup | more_flags;
        let counter = self.counter.unwrap_or(0).to_be_bytes();
        let rp_id_hash: [u8; 32] = Sha256::digest(&self.rp_id).into();
        [&rp_id_hash[..], &[flags], &counter].concat()
    }

    /// A COSE key: kty EC2, alg ES256, crv P-256, x, y.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_encoded_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        [&head[..], x, &[0x22, 0x58, 0x20], y].concat()
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap().to_be_bytes()
}

impl World {
    /// What a registration is answered, begun and finished in this session.
    pub(crate) async fn register_passkey(
        &self,
        session: &Session,
        authenticator: &mut Authenticator,
    ) -> Answer {
        let options = session.client.post("/auth/passkeys/register/start", &json!({})).await.expect(200);
        let credential = authenticator.create(&options.value("/options"));
        let body = json!({"name": "Key", "credential": credential});
        session.client.post("/auth/passkeys/register/finish", &body).await
    }

    /// The id of a new passkey.
    pub(crate) async fn passkey(&self, session: &Session, authenticator: &mut Authenticator) -> String {
        self.register_passkey(session, authenticator).await.expect(201).text("/id")
    }

    /// Somebody who is signed in and has a passkey.
    pub(crate) async fn with_passkey(&self, name: &str) -> (Session, Authenticator) {
        let (_, session) = self.signed_in(name).await;
        let mut authenticator = Authenticator::new();
        self.passkey(&session, &mut authenticator).await;
        (session, authenticator)
    }

    /// The body that answers a new sign-in.
    pub(crate) async fn passkey_answer(&self, authenticator: &mut Authenticator) -> Value {
        let begun = self.anonymous().post("/auth/passkeys/login/start", &json!({})).await.expect(200);
        let credential = authenticator.get(&begun.value("/options"));
        json!({"ceremony_id": begun.text("/ceremony_id"), "credential": credential})
    }

    pub(crate) async fn login_by_passkey(&self, authenticator: &mut Authenticator) -> Session {
        self.session(&self.passkey_login(authenticator).await.expect(200))
    }

    /// What a sign-in is answered.
    pub(crate) async fn passkey_login(&self, authenticator: &mut Authenticator) -> Answer {
        let body = self.passkey_answer(authenticator).await;
        self.anonymous().post("/auth/passkeys/login/finish", &body).await
    }
}
