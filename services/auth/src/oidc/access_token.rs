//! Access tokens that a provider made for this installation (RFC 9068, and Keycloak's, which are older).

use chrono::{DateTime, Utc};
use jsonwebtoken::Header;
use serde::Deserialize;
use serde_json::Value;

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
    #[serde(default)]
    auth_time: Value,
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
    /// When that person signed in there: never in the future, and long ago for a token that does not say.
    pub(crate) authenticated_at: DateTime<Utc>,
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
        None => Ok(Verified::of(claims, expected)),
    }
}

impl Verified {
    fn of(claims: AccessClaims, expected: Expected<'_>) -> Self {
        let authenticated_at = authenticated_at(claims.auth_time.as_i64(), expected);
        let person = Person {
            subject: claims.sub,
            email: claims.email,
            email_verified: claims.email_verified.0,
            hosted_domain: claims.hd,
            amr: claims.amr.0,
            acr: claims.acr,
            ..Person::default()
        };
        Self { person, issued_at: claims.iat, expires_at: claims.exp, authenticated_at }
    }
}

/// A token that does not say when somebody signed in, or says what cannot be, proves that nobody has lately.
fn authenticated_at(claimed: Option<i64>, expected: Expected<'_>) -> DateTime<Utc> {
    let latest = expected.now.timestamp().saturating_add(expected.leeway_s);
    let claimed = claimed.filter(|seconds| (0..=latest).contains(seconds));
    let claimed = claimed.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    claimed.map_or(DateTime::UNIX_EPOCH, |moment| moment.min(expected.now))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// a sign-in at a provider is never later than now, and long ago when nothing sound is said of it.
    #[test]
    fn an_unsound_auth_time_is_long_ago() {
        let now = DateTime::from_timestamp(1_800_000_000, 500_000_000).unwrap();
        let expected = Expected { audience: "colink-api", now, leeway_s: 30 };
        let at = |seconds| authenticated_at(Some(seconds), expected);
        let whole = now.timestamp();
        assert_eq!(at(whole - 60), DateTime::from_timestamp(whole - 60, 0).unwrap());
        assert_eq!((at(whole + 1), at(whole + 30)), (now, now));
        for unsound in [whole + 31, i64::MAX, -1, i64::MIN] {
            assert_eq!(at(unsound), DateTime::UNIX_EPOCH, "{unsound}");
        }
        assert_eq!(authenticated_at(None, expected), DateTime::UNIX_EPOCH);
    }
}
