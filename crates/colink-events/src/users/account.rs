//! An account's life.

use colink_core::id::UserId;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// A profile as it stands after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPayload {
    /// The user.
    pub user_id: UserId,
    /// The name he is mentioned by.
    pub username: String,
    /// The name he is shown by.
    pub display_name: String,
    /// His picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Counts the profile's changes.
    pub version: i64,
    /// When.
    pub at: Timestamp,
}

/// An account was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserRegistered(pub UserPayload);

event!(UserRegistered = Users "user.registered" v 1; |e| e.0.user_id, |_: &Self| None);

/// A profile changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserUpdated(pub UserPayload);

event!(UserUpdated = Users "user.updated" v 1; |e| e.0.user_id, |_: &Self| None);

/// A user proved that his mail address is his.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserVerified {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(UserVerified = Users "user.verified" v 1; |e| e.user_id, |_: &Self| None);

/// An account was closed by an administrator: sessions and sockets end at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSuspended {
    /// The user.
    pub user_id: UserId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

event!(UserSuspended = Users "user.suspended" v 1; |e| e.user_id, |_: &Self| None);

/// A suspended account was opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserUnsuspended {
    /// The user.
    pub user_id: UserId,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

event!(UserUnsuspended = Users "user.unsuspended" v 1; |e| e.user_id, |_: &Self| None);

/// A user's personal data was erased: whoever keeps a copy makes it anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserErased {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(UserErased = Users "user.erased" v 1; |e| e.user_id, |_: &Self| None);
