//! ID tokens (OpenID Connect Core 1.0, section 3.1.3.7), judged by the injected clock.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header};
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::metadata::Metadata;
use super::person::{Flag, OneOrMany};
use super::transport::TransportError;

/// Longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 32 * 1024;
/// Longest subject: 255 ASCII characters by the standard.
const SUBJECT_MAX: usize = 255;
/// A token that was just fetched was made just now, in seconds.
const FRESH_S: i64 = 600;

/// Why a token does not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdTokenError {
    /// Its key was not fetched.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It is no such token, or its signature is wrong.
    #[error("the token cannot be verified")]
    Unverified(#[from] jsonwebtoken::errors::Error),
    /// It is not known to be the issuer's.
    #[error("the token {0}")]
    Unfit(&'static str),
    /// It is signed, and says something else than it must.
    #[error("the token {0}")]
    Wrong(&'static str),
}

/// What a token is compared with.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) leeway_s: i64,
    /// The issuer may be written without its scheme, as Google allows itself.
    pub(crate) bare_issuer: bool,
}

/// What a token says.
#[derive(Debug, Deserialize)]
pub(crate) struct IdClaims {
    iss: String,
    pub(crate) sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) email_verified: Flag,
    pub(crate) name: Option<String>,
    pub(crate) preferred_username: Option<String>,
    /// The Workspace customer of a Google account.
    pub(crate) hd: Option<String>,
    #[serde(default)]
    pub(crate) amr: OneOrMany,
    pub(crate) acr: Option<String>,
}

/// The claims of a token that `metadata`'s issuer made for this sign-in.
///
/// # Errors
/// [`IdTokenError`].
pub(crate) async fn verify(
    token: &str,
    access_token: &str,
    metadata: &Metadata,
    expected: &Expected<'_>,
) -> Result<IdClaims, IdTokenError> {
    if token.len() > TOKEN_MAX {
        return Err(IdTokenError::Unfit("is too long"));
    }
    let Header { alg, kid, crit, .. } = jsonwebtoken::decode_header(token)?;
    if crit.is_some() {
        return Err(IdTokenError::Unfit("needs an extension"));
    }
    let key = metadata.key(kid.as_deref(), alg).await?;
    let key =
        key.ok_or(IdTokenError::Unfit("is signed with a key or an algorithm that is not the issuer's"))?;
    let claims: IdClaims = key.read(token)?;
    if !hash_fits(&claims, alg, access_token) {
        return Err(IdTokenError::Wrong("belongs to another access token"));
    }
    match wrong(&claims, &metadata.issuer, expected) {
        Some(wrong) => Err(IdTokenError::Wrong(wrong)),
        None => Ok(claims),
    }
}

fn wrong(claims: &IdClaims, issuer: &str, expected: &Expected<'_>) -> Option<&'static str> {
    let (now, leeway) = (expected.now.timestamp(), expected.leeway_s);
    let authorized = claims.azp.as_deref();
    let several = claims.aud.0.len() > 1;
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    let rules = [
        (is_issuer(&claims.iss, issuer, expected.bare_issuer), "is of another issuer"),
        (claims.aud.0.iter().any(|aud| aud == expected.client_id), "is for another client"),
        (authorized.is_none_or(|azp| azp == expected.client_id), "was asked for by another client"),
        (authorized.is_some() || !several, "is for several clients and does not say for whom it was made"),
        (now < claims.exp.saturating_add(leeway), "has expired"),
        (claims.iat <= now.saturating_add(leeway), "is of the future"),
        (claims.iat >= now.saturating_sub(FRESH_S + leeway), "is old"),
        (claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(leeway)), "is not valid yet"),
        (same(nonce, expected.nonce), "belongs to another sign-in"),
        (is_subject(&claims.sub), "has no usable subject"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, wrong)| wrong)
}

/// Google's tokens say `https://accounts.google.com` or `accounts.google.com` ("OpenID Connect", Google Identity, "Validating
/// an ID token"); everybody else's say exactly what the discovery document does (Core 1.0, section 3.1.3.7).
fn is_issuer(stated: &str, issuer: &str, bare: bool) -> bool {
    stated == issuer || (bare && issuer.split_once("://").is_some_and(|(_, name)| name == stated))
}

fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Section 3.1.3.6: the left half of the access token's hash, with the hash that the signature uses.
fn hash_fits(claims: &IdClaims, algorithm: Algorithm, access_token: &str) -> bool {
    let Some(given) = claims.at_hash.as_deref() else { return true };
    let (short, long) = (Sha256::digest(access_token), Sha512::digest(access_token));
    let hash: &[u8] = if algorithm == Algorithm::EdDSA { &long[..] } else { &short[..] };
    let (left, _) = hash.split_at(hash.len() / 2);
    same(given, &URL_SAFE_NO_PAD.encode(left))
}

/// Whether an identity can be kept under it.
pub(crate) fn is_subject(text: &str) -> bool {
    (1..=SUBJECT_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Google's issuer in both spellings, and no third; others in their own alone.
    #[test]
    fn an_issuer_is_written_as_its_provider_writes_it() {
        let google = "https://accounts.google.com";
        for (stated, bare, good) in [
            (google, true, true),
            ("accounts.google.com", true, true),
            ("accounts.google.com", false, false),
            (google, false, true),
            ("http://accounts.google.com", true, false),
            ("https://accounts.google.com/", true, false),
            ("accounts.google.com.evil.test", true, false),
            ("https://accounts.google.com.evil.test", true, false),
            ("evil.test", true, false),
            ("", true, false),
        ] {
            assert_eq!(is_issuer(stated, google, bare), good, "{stated} {bare}");
        }
    }
}
