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
    /// What he says he is doing, unless its time is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// His time zone, a name of the IANA database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether it is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bot: bool,
    /// Counts the profile's changes.
    pub version: i64,
    /// When.
    pub at: Timestamp,
}

/// What a user says he is doing: a text, an emoji, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStatus {
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// One emoji.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// From then on it is over, whether or not an event says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
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

/// A user closed his account, or a bot was taken out of use: sessions and sockets end at once, what he wrote stays under his
/// name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDeactivated {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(UserDeactivated = Users "user.deactivated" v 1; |e| e.user_id, |_: &Self| None);

/// An administrator opened a closed account again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserReactivated {
    /// The user.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(UserReactivated = Users "user.reactivated" v 1; |e| e.user_id, |_: &Self| None);

/// An administrator gave a user other realm roles: sessions and sockets end, so that nothing goes on with the old ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRolesChanged {
    /// The user.
    pub user_id: UserId,
    /// What he was in the whole installation.
    pub old_roles: Vec<String>,
    /// What he is from now on.
    pub new_roles: Vec<String>,
    /// When.
    pub at: Timestamp,
}

event!(UserRolesChanged = Users "user.roles_changed" v 1; |e| e.user_id, |_: &Self| None);

/// A user's personal data was erased: whoever keeps a copy makes it anonymous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserErased {
    /// The user.
    pub user_id: UserId,
    /// SHA-256 of the normalised address he had, in hex: whoever keeps that address finds it by this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_hash: Option<String>,
    /// When.
    pub at: Timestamp,
}

event!(UserErased = Users "user.erased" v 1; |e| e.user_id, |_: &Self| None);

impl UserErased {
    /// The name that every service shows an erased user by.
    pub const DISPLAY_NAME: &str = "Deleted user";

    /// The name that stands where an erased user was mentioned: it follows from his id alone, so that all services
    /// say the same without asking.
    #[must_use]
    pub fn username(user_id: UserId) -> String {
        let id = user_id.as_uuid().simple().to_string();
        format!("deleted-{}", id.get(20..).unwrap_or_default())
    }
}
