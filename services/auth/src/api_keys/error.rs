//! What is refused about API keys and bots, and the answer to each.

use chrono::{DateTime, Utc};
use colink_core::time::Timestamp;
use colink_http::ApiError;

/// Why a call about a key or bot was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiKeyError {
    /// The caller has no such API key.
    #[error("no such API key")]
    NoApiKey,
    /// A secret before the newest one still goes on.
    #[error("the API key is being rotated")]
    RotationUnderWay(DateTime<Utc>),
    /// One user has as many API keys as he may.
    #[error("there are {0} API keys already")]
    TooManyApiKeys(u16),
    /// The caller has no such bot.
    #[error("no such bot")]
    NoBot,
    /// One owner has as many bots as he may.
    #[error("there are {0} bots already")]
    TooManyBots(u16),
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        use ApiKeyError as E;
        match error {
            E::NoApiKey => Self::not_found("API key"),
            E::RotationUnderWay(until) => Self::conflict(format!(
                "The secret before this one goes on until {}: wait, or rotate with `overlap_s` 0 to end it now.",
                Timestamp::from(until)
            )),
            E::TooManyApiKeys(most) => {
                Self::conflict(format!("There may be {most} API keys: revoke one first."))
            }
            E::NoBot => Self::not_found("bot"),
            E::TooManyBots(most) => Self::conflict(format!("You may have {most} bots: delete one first.")),
        }
    }
}
