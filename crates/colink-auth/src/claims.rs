//! What an access token says.

use std::fmt;

use colink_core::id::{SessionId, UserId};
use colink_core::permission::{Scope, Scopes};
use serde::{Deserialize, Serialize};

/// The realm role that stands above workspaces and channels.
pub const REALM_ADMIN: &str = "admin";
/// The word in `amr` for a token that was made for an API key.
pub const API_KEY: &str = "api_key";

/// The word in `amr` (RFC 8176) for a session that was proven by more than one factor.
const MULTIPLE_FACTORS: &str = "mfa";

/// The claims of an access token. Times are seconds since the Unix epoch.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is about.
    pub sub: UserId,
    /// For which API it is.
    pub aud: String,
    /// When it ends.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// Before this it is not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Its own name.
    pub jti: String,
    /// The session it belongs to; a UUIDv7 of the session's beginning.
    pub sid: SessionId,
    /// The user's address; none for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user's name in URLs and mentions.
    pub preferred_username: String,
    /// The user's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Roles in the whole installation: `user`, `admin`.
    #[serde(default)]
    pub realm_roles: Vec<String>,
    /// How the user proved who he is: `pwd`, `otp`, `hwk`, `mfa`, `api_key`.
    #[serde(default)]
    pub amr: Vec<String>,
    /// What the token may be used for, separated by spaces (RFC 8693, section 4.2). A person's has none, and carries
    /// all of his rights; an API key's always has one, be it empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// The session is good for nothing but enrolling a second factor, which the user must have and has not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mfa_enrolment: bool,
}

impl Claims {
    /// Whether the user has the realm role `admin`, and the token carries it.
    #[must_use]
    pub fn is_realm_admin(&self) -> bool {
        self.scopes().contains(Scope::Admin) && self.realm_roles.iter().any(|role| role == REALM_ADMIN)
    }

    /// What the token may be used for.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        match self.scope {
            Some(scopes) => scopes,
            // An issuer that forgot them must not have made a person of a key.
            None if self.amr.iter().any(|word| word == API_KEY) => Scopes::NONE,
            None => Scopes::ALL,
        }
    }

    /// Whether the token is a person's, who signed in: whatever the user may do, it may.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.scope.is_none() && !self.amr.iter().any(|word| word == API_KEY)
    }

    /// Whether the session was proven by more than one factor.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.amr.iter().any(|word| word == MULTIPLE_FACTORS)
    }

    /// The millisecond in which the session began, as far as it can be known: a session's id is a UUIDv7;
    /// otherwise the token's own time has to do.
    pub(crate) fn session_began_ms(&self) -> i64 {
        let of_id = self.sid.as_uuid().get_timestamp().map(|time| {
            let (seconds, nanos) = time.to_unix();
            i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
                + i64::from(nanos / 1_000_000)
        });
        of_id.unwrap_or_else(|| self.iat.saturating_mul(1000))
    }
}

/// Without names and addresses: claims end up in logs.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Claims");
        shown.field("sub", &self.sub).field("sid", &self.sid).field("jti", &self.jti);
        shown
            .field("exp", &self.exp)
            .field("realm_roles", &self.realm_roles)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
