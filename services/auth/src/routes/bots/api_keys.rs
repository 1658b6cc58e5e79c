//! The API keys of a bot, for its owner: as [`crate::routes::api_keys`], under the bot's path.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;
