//! What other services ask (service token; the gateway does not route these).

pub(crate) mod exchange_api_key;
pub(crate) mod exchange_provider_token;
pub(crate) mod find_user_by_email;
pub(crate) mod get_bot;
pub(crate) mod lookup_users;

use colink_core::id::UserId;
use serde::Serialize;

use crate::api_keys::exchange::Issued;
use crate::store::users::User;

/// The token that a client's key or foreign token is exchanged for, if that counts.
#[derive(Debug, Serialize)]
pub(crate) struct Exchanged {
    access_token: Option<String>,
    expires_in: i64,
}

impl Exchanged {
    fn of(issued: Option<Issued>) -> Self {
        let expires_in = issued.as_ref().map_or(0, |issued| issued.expires_in);
        Self { access_token: issued.map(|issued| issued.access), expires_in }
    }
}

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
