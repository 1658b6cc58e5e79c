//! Second factors come, are used and go.

use colink_core::id::UserId;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A second factor was put in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaEnabled {
    /// The user.
    pub user_id: UserId,
    /// Which: `totp`, `passkey`.
    pub method: String,
    /// When.
    pub at: Timestamp,
}

event!(MfaEnabled = Users "mfa.enabled" v 1; |e| e.user_id, |_: &Self| None);

/// A second factor was given up or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaDisabled {
    /// The user.
    pub user_id: UserId,
    /// Which: `totp`, `passkey`; `all` when an administrator took every one.
    pub method: String,
    /// Why: `by_user`, `reset_by_admin`.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

event!(MfaDisabled = Users "mfa.disabled" v 1; |e| e.user_id, |_: &Self| None);

/// A recovery code was used instead of a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodeUsed {
    /// The user.
    pub user_id: UserId,
    /// How many are left.
    pub remaining: i64,
    /// When.
    pub at: Timestamp,
}

event!(RecoveryCodeUsed = Users "recovery_code.used" v 1; |e| e.user_id, |_: &Self| None);

/// A user got new recovery codes; the old ones stopped working.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodesRegenerated {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(RecoveryCodesRegenerated = Users "recovery_codes.regenerated" v 1; |e| e.user_id, |_: &Self| None);

/// An administrator decided who must have a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaPolicyUpdated {
    /// The administrator.
    pub user_id: UserId,
    /// The bearers of these realm roles.
    pub required_for_realm_roles: Vec<String>,
    /// How long they have to enrol one, in hours.
    pub grace_hours: i64,
    /// When.
    pub at: Timestamp,
}

event!(MfaPolicyUpdated = Users "mfa_policy.updated" v 1; |e| e.user_id, |_: &Self| None);
