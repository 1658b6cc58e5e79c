//! Sessions, failures and keys, for the audit log and for whoever must act at once.

use colink_core::id::{SessionId, UserId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// The key of security events that belong to no known user.
const UNKNOWN: &str = "unknown";

fn key_of(user_id: Option<UserId>) -> String {
    user_id.map_or_else(|| UNKNOWN.to_owned(), |user_id| user_id.to_string())
}

/// A user signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The user.
    pub user_id: UserId,
    /// The new session.
    pub session_id: SessionId,
    /// When.
    pub at: Timestamp,
    /// How: `password`, `passkey`, `oidc`, and so on.
    pub method: String,
    /// What was given besides, if anything was asked for: `totp`, `passkey`, `recovery_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<String>,
}

event!(SessionStarted = Users "session.started" v 1; |e| e.user_id, |_: &Self| None);

/// Sessions ended: tokens of theirs are refused and their sockets closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevoked {
    /// The user.
    pub user_id: UserId,
    /// The session; none for every session begun before `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Why: `logout`, `password_changed`, `suspended`, and so on.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

event!(SessionRevoked = Users "session.revoked" v 1; |e| e.user_id, |_: &Self| None);

/// A session goes on and may do less than before: sockets that were opened by it are closed, and come back with a new token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDowngraded {
    /// The user.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// Why: `second_factor_required` or `second_factor_removed`.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

event!(SessionDowngraded = Users "session.downgraded" v 1; |e| e.user_id, |_: &Self| None);

/// A sign-in failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginFailed {
    /// The user, when the address belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Why: `password`, `totp`, `locked`, and so on.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

event!(LoginFailed = Users "login.failed" v 1; |e| key_of(e.user_id), |_: &Self| None);

/// Sign-in was closed for a while after too many failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLocked {
    /// The user, when the address belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// When it opens again.
    pub until: Timestamp,
    /// When.
    pub at: Timestamp,
}

event!(AccountLocked = Users "account.locked" v 1; |e| key_of(e.user_id), |_: &Self| None);

/// A refresh token was used twice: somebody holds a copy, and the whole family is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenReused {
    /// The user.
    pub user_id: UserId,
    /// The session it belonged to.
    pub session_id: SessionId,
    /// When.
    pub at: Timestamp,
}

event!(TokenReused = Users "token.reused" v 1; |e| e.user_id, |_: &Self| None);

/// A password was changed or reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(PasswordChanged = Users "password.changed" v 1; |e| e.user_id, |_: &Self| None);

/// Access tokens are signed with a new key from now on. The key of the event is the `kid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRotated {
    /// The new key's name in the JWKS.
    pub kid: String,
    /// When.
    pub at: Timestamp,
}

event!(SigningKeyRotated = Users "signing_key.rotated" v 1; |e| e.kid, |_: &Self| None);
