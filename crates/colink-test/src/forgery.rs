//! Access tokens that nobody may believe, made from one that everybody does.
//!
//! The attacker has an honest token, perhaps his own, and the issuer's published keys; he has no private key. What he
//! can make of it is known (RFC 8725, "JSON Web Token Best Current Practices"): each of these is one of those attempts.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The order of the curve's group, little-endian: adding it to the second half of a signature gives another
/// signature that a careless verifier takes for good (RFC 8032, 8.4).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// One attempt: what it is, and the token.
pub type Forgery = (String, String);

/// The parts of the honest token, and the attacker's own key.
struct Workshop {
    header: Value,
    claims: Value,
    parts: [String; 3],
    thief: SigningKey,
}

/// Every forgery of `honest`, a valid token; `jwks` is the issuer's document.
///
/// # Panics
/// When the honest token is none, or its key is not in the document.
#[must_use]
pub fn forgeries(honest: &str, jwks: &Value) -> Vec<Forgery> {
    let workshop = Workshop::open(honest);
    let mut all = workshop.without_signature();
    all.extend(workshop.signed_with_what_is_public(jwks));
    all.extend(workshop.signed_with_an_own_key());
    all.extend(workshop.under_the_honest_signature());
    all
}

impl Workshop {
    fn open(honest: &str) -> Self {
        let parts: Vec<String> = honest.split('.').map(str::to_owned).collect();
        let parts: [String; 3] = parts.try_into().expect("three parts");
        let read = |part: &str| -> Value {
            let json = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            serde_json::from_slice(&json).expect("JSON")
        };
        let (header, claims) = (read(&parts[0]), read(&parts[1]));
        Self { header, claims, parts, thief: SigningKey::from_bytes(&rand::random()) }
    }

    /// The header with some fields of its own.
    fn header(&self, fields: Value) -> Value {
        let mut header = self.header.clone();
        let (Some(header_fields), Value::Object(fields)) = (header.as_object_mut(), fields) else {
            return header;
        };
        header_fields.extend(fields);
        header
    }

    /// The claims with one of its own.
    fn claims(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims.clone();
        claims[name] = value;
        claims
    }

    fn without_signature(&self) -> Vec<Forgery> {
        let [_, claims, signature] = &self.parts;
        let mut all = Vec::new();
        for name in ["none", "None", "NONE", "nOnE", "", "HS256", "RS256", "ES256", "ES512", "PS256"] {
            let head = encode(&self.header(json!({ "alg": name })));
            all.push((format!("alg {name:?} without a signature"), format!("{head}.{claims}.")));
            all.push((
                format!("alg {name:?} with the old signature"),
                format!("{head}.{claims}.{signature}"),
            ));
        }
        all
    }

    fn signed_with_what_is_public(&self, jwks: &Value) -> Vec<Forgery> {
        let published =
            jwks["keys"].as_array().into_iter().flatten().find(|key| key["kid"] == self.header["kid"]);
        let published = published.expect("the key of the honest token is published");
        let text = published["x"].as_str().expect("a public key").to_owned();
        let raw = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
        let der = [SPKI_HEAD.as_slice(), &raw].concat();
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&der));
        let secrets = [
            ("the public key", raw),
            ("its text", text.into_bytes()),
            ("its DER", der),
            ("its PEM", pem.into_bytes()),
            ("its JWK", published.to_string().into_bytes()),
            ("nothing", Vec::new()),
        ];
        let mut header = Header::new(Algorithm::HS256);
        header.kid = self.header["kid"].as_str().map(str::to_owned);
        let signed = secrets.into_iter().map(|(what, secret)| {
            let key = EncodingKey::from_secret(&secret);
            let token = jsonwebtoken::encode(&header, &self.claims, &key).expect("a signed token");
            (format!("HS256 with {what} for a secret"), token)
        });
        signed.collect()
    }

    fn signed_with_an_own_key(&self) -> Vec<Forgery> {
        let x = URL_SAFE_NO_PAD.encode(self.thief.verifying_key().to_bytes());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.header["kid"], "x": x});
        let inline = format!("data:application/json,{}", json!({ "keys": [jwk] }));
        let headers = [
            ("nothing else", json!({})),
            ("the key in `jwk`", json!({ "jwk": jwk })),
            ("the key at `jku`", json!({ "jku": inline })),
            ("the key at `jku` of another host", json!({ "jku": "http://127.0.0.1:9/jwks.json" })),
            ("a certificate at `x5u`", json!({ "x5u": "http://127.0.0.1:9/cert.pem" })),
            (
                "a certificate in `x5c`",
                json!({ "x5c": [STANDARD.encode([SPKI_HEAD.as_slice(), &[7; 32]].concat())] }),
            ),
            ("an unknown `kid`", json!({ "kid": "nobody-published-this" })),
            ("no `kid`", json!({ "kid": null })),
            ("an empty `kid`", json!({ "kid": "" })),
            ("a `kid` that is a path", json!({ "kid": "../../../../dev/null" })),
            ("a `kid` that is SQL", json!({ "kid": "x' or '1'='1" })),
            ("a `kid` that is a list", json!({ "kid": [self.header["kid"]] })),
        ];
        let mut all: Vec<Forgery> = headers
            .into_iter()
            .map(|(what, fields)| {
                (format!("an own key, {what}"), self.sign(&self.header(fields), &self.claims))
            })
            .collect();
        let admin = self.claims("realm_roles", json!(["user", "admin"]));
        all.push(("an own key, more roles".to_owned(), self.sign(&self.header, &admin)));
        all
    }

    fn under_the_honest_signature(&self) -> Vec<Forgery> {
        let [head, claims, signature] = &self.parts;
        let admin = encode(&self.claims("realm_roles", json!(["user", "admin"])));
        let later = encode(&self.claims("exp", json!(9_999_999_999_i64)));
        let else_ = encode(&self.claims("sub", json!("018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a")));
        let crit = |names: Value| encode(&self.header(json!({ "crit": names, "b64": false })));
        let whole = json!({"protected": head, "payload": claims, "signature": signature}).to_string();
        let tokens = [
            ("more roles", format!("{head}.{admin}.{signature}")),
            ("a later end", format!("{head}.{later}.{signature}")),
            ("somebody else", format!("{head}.{else_}.{signature}")),
            (
                "an extension that must be understood",
                format!("{}.{claims}.{signature}", crit(json!(["b64"]))),
            ),
            ("an empty list of extensions", format!("{}.{claims}.{signature}", crit(json!([])))),
            ("no signature", format!("{head}.{claims}.")),
            ("half a signature", format!("{head}.{claims}.{}", &signature[..signature.len() / 2])),
            ("another signature of the same", format!("{head}.{claims}.{}", malleable(signature))),
            ("a padded signature", format!("{head}.{claims}.{signature}==")),
            ("two parts", format!("{head}.{claims}")),
            ("four parts", format!("{head}.{claims}.{signature}.{signature}")),
            ("five parts", format!("{head}..{claims}.{signature}.{signature}")),
            ("the JSON form", whole),
            ("no header", format!(".{claims}.{signature}")),
            ("no claims", format!("{head}..{signature}")),
            ("too long", format!("{head}.{claims}.{signature}{}", "A".repeat(10_000))),
            ("nonsense", "nonsense".to_owned()),
        ];
        tokens
            .into_iter()
            .map(|(what, token)| (format!("under the honest signature: {what}"), token))
            .collect()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let text = format!("{}.{}", encode(header), encode(claims));
        let signature = self.thief.sign(text.as_bytes()).to_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn malleable(signature: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut carry = 0;
    for (byte, order) in bytes.iter_mut().skip(32).zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}
