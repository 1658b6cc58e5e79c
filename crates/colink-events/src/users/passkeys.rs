//! Passkeys, for the audit log. None holds a key, a credential's id or a name.

use colink_core::id::{PasskeyId, UserId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A user registered a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyAdded {
    /// The user.
    pub user_id: UserId,
    /// The new passkey.
    pub passkey_id: PasskeyId,
    /// When.
    pub at: Timestamp,
}

event!(PasskeyAdded = Users "passkey.added" v 1; |e| e.user_id, |_: &Self| None);

/// A user removed a passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyRemoved {
    /// The user.
    pub user_id: UserId,
    /// The passkey that was.
    pub passkey_id: PasskeyId,
    /// When.
    pub at: Timestamp,
}

event!(PasskeyRemoved = Users "passkey.removed" v 1; |e| e.user_id, |_: &Self| None);

/// An authenticator signed with a counter that was used before: there is a copy of it. It was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyCloned {
    /// The user.
    pub user_id: UserId,
    /// The passkey that was copied.
    pub passkey_id: PasskeyId,
    /// When.
    pub at: Timestamp,
}

event!(PasskeyCloned = Users "passkey.cloned" v 1; |e| e.user_id, |_: &Self| None);
