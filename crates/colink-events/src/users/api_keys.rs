//! API keys and bots, for the audit log. A key stays the same when its secret is rotated; `session_id` is that of
//! the tokens made for one secret, as the actors of other events have it.

use colink_core::id::{ApiKeyId, SessionId, UserId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::event;

/// An API key was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyCreated {
    /// Whose key it is: a person's or a bot's.
    pub user_id: UserId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// The session of the tokens of its first secret.
    pub session_id: SessionId,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it ends; none for one without an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who made it: the user himself, or the owner of the bot.
    pub created_by: UserId,
    /// When.
    pub at: Timestamp,
}

event!(ApiKeyCreated = Users "api_key.created" v 1; |e| e.user_id, |_: &Self| None);

/// A key got a new secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRotated {
    /// Whose key it is.
    pub user_id: UserId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// The session of the tokens of the new secret.
    pub session_id: SessionId,
    /// Until when the secret before it goes on.
    pub previous_until: Timestamp,
    /// When.
    pub at: Timestamp,
}

event!(ApiKeyRotated = Users "api_key.rotated" v 1; |e| e.user_id, |_: &Self| None);

/// A key was ended before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRevoked {
    /// Whose key it was.
    pub user_id: UserId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Why: `revoked_by_user`, `bot_deleted`, and so on.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

event!(ApiKeyRevoked = Users "api_key.revoked" v 1; |e| e.user_id, |_: &Self| None);

/// A key was used for the first time that day, or from an address that is new to it; not told of each use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyUsed {
    /// Whose key it is.
    pub user_id: UserId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// The session of the tokens of the secret that was used.
    pub session_id: SessionId,
    /// Whether the client's network is one that the key was not used from of late.
    pub new_address: bool,
    /// When.
    pub at: Timestamp,
}

event!(ApiKeyUsed = Users "api_key.used" v 1; |e| e.user_id, |_: &Self| None);

/// A bot was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCreated {
    /// The bot.
    pub user_id: UserId,
    /// Whose bot it is.
    pub owner_id: UserId,
    /// When.
    pub at: Timestamp,
}

event!(BotCreated = Users "bot.created" v 1; |e| e.user_id, |_: &Self| None);
