//! What this service asks of the others.

use colink_core::error::ErrorKind;
use colink_core::id::UserId;
use colink_http::ApiResult;
use colink_http::client::InternalClient;
use colink_runtime::{Boot, InternalConfig, StartError};
use serde::Deserialize;

/// The other services. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    auth: InternalClient,
}

/// A bot, as auth tells it.
#[derive(Debug, Deserialize)]
pub(crate) struct Bot {
    pub(crate) owner_id: UserId,
    pub(crate) username: String,
    pub(crate) display_name: String,
}

impl Peers {
    /// # Errors
    /// When the place of a service is not configured.
    pub(crate) fn new(boot: &Boot, internal: &InternalConfig) -> Result<Self, StartError> {
        Ok(Self { auth: boot.peer("auth", internal)? })
    }

    /// The bot in use with this id; none for a person too.
    ///
    /// # Errors
    /// When auth does not answer.
    pub(crate) async fn bot(&self, id: UserId) -> ApiResult<Option<Bot>> {
        match self.auth.get_json(&format!("/internal/bots/{id}")).await {
            Ok(bot) => Ok(Some(bot)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
