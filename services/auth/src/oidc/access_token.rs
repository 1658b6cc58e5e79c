//! Access tokens that a provider made for this installation (RFC 9068, and Keycloak's, which are older).

use chrono::{DateTime, Utc};
use jsonwebtoken::Header;
use serde::Deserialize;

use super::id_token::{IdTokenError, is_subject};
use super::metadata::Metadata;
use super::person::{Flag, OneOrMany, Person};

/// Longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 16 * 1024;
/// Types that only access tokens have in their header (RFC 9068, section 2.1).
const HEADER_TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];
/// What Keycloak writes into the claim `typ` of access tokens; ID tokens have `ID` there.
const CLAIMED_TYPE: &str = "Bearer";

#[derive(Debug, Deserialize)]
struct AccessClaims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    typ: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
    hd: Option<String>,
    #[serde(default)]
    amr: OneOrMany,
    acr: Option<String>,
}

/// Who presents a token, and its time.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) person: Person,
    pub(crate) issued_at: Option<i64>,
    pub(crate) expires_at: i64,
}

/// What a token is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) audience: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) leeway_s: i64,
}

/// Who presents a token that `metadata`'s issuer made for `expected.audience`. An ID token is none: it was not made to be
/// presented.
///
/// # Errors
/// [`IdTokenError`].
pub(crate) async fn verify(
    token: &str,
    metadata: &Metadata,
    expected: Expected<'_>,
) -> Result<Verified, IdTokenError> {
    if token.len() > TOKEN_MAX {
        return Err(IdTokenError::Unfit("is too long"));
    }
    let Header { alg, kid, crit, typ, .. } = jsonwebtoken::decode_header(token)?;
    if crit.is_some() {
        return Err(IdTokenError::Unfit("needs an extension"));
    }
    let key = metadata.key(kid.as_deref(), alg).await?;
    let key =
        key.ok_or(IdTokenError::Unfit("is signed with a key or an algorithm that is not the issuer's"))?;
    let claims: AccessClaims = key.read(token)?;
    let typed = typ.is_some_and(|typ| HEADER_TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known)));
    match wrong(&claims, &metadata.issuer, typed, expected) {
        Some(wrong) => Err(IdTokenError::Wrong(wrong)),
        None => Ok(claims.into()),
    }
}

impl From<AccessClaims> for Verified {
    fn from(claims: AccessClaims) -> Self {
        let person = Person {
            subject: claims.sub,
            email: claims.email,
            email_verified: claims.email_verified.0,
            hosted_domain: claims.hd,
            amr: claims.amr.0,
            acr: claims.acr,
            ..Person::default()
        };
        Self { person, issued_at: claims.iat, expires_at: claims.exp }
    }
}

fn wrong(claims: &AccessClaims, issuer: &str, typed: bool, expected: Expected<'_>) -> Option<&'static str> {
    let (now, leeway) = (expected.now.timestamp(), expected.leeway_s);
    let begun = |at: Option<i64>| at.is_none_or(|at| at <= now.saturating_add(leeway));
    let rules = [
        (claims.iss == issuer, "is of another issuer"),
        (claims.aud.0.iter().any(|aud| aud == expected.audience), "is for another audience"),
        (typed || claims.typ.as_deref() == Some(CLAIMED_TYPE), "is no access token"),
        (now < claims.exp.saturating_add(leeway), "has expired"),
        (begun(claims.iat), "is of the future"),
        (begun(claims.nbf), "is not valid yet"),
        (is_subject(&claims.sub), "has no usable subject"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, wrong)| wrong)
}
