//! What other services ask (service token; the gateway does not route these).

pub(crate) mod exchange_api_key;
pub(crate) mod find_user_by_email;
pub(crate) mod get_bot;
pub(crate) mod lookup_users;

use colink_core::id::UserId;
use serde::Serialize;

use crate::store::users::User;

/// A user as services see him; without his address.
#[derive(Debug, Serialize)]
pub(crate) struct UserView {
    id: UserId,
    username: String,
    display_name: String,
    avatar_url: Option<String>,
    bot: bool,
    suspended: bool,
    email_verified: bool,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id(),
            bot: user.is_bot(),
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
            suspended: user.suspended_at.is_some(),
            email_verified: user.email_verified_at.is_some(),
        }
    }
}
