//! Profiles.

pub(crate) mod patch;
pub(crate) mod profile;
pub(crate) mod show;
pub(crate) mod update;

use colink_auth::Caller;
use colink_core::id::UserId;
use colink_core::text::DisplayName;
use colink_core::time::Timestamp;
use colink_events::users::UserUpdated;
use colink_http::etag::{IfMatch, of_version};
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, Reply};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::AuthError;
use crate::state::State;
use crate::store::users::{self, User};

/// A user as he sees himself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    id: UserId,
    /// None for a bot.
    #[schema(example = "ada@example.com")]
    email: Option<String>,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "Ada Lovelace")]
    display_name: String,
    avatar_url: Option<String>,
    /// Whether the address is proven; always true for who is signed in.
    email_verified: bool,
    /// Roles in the whole installation.
    #[schema(example = json!(["user"]))]
    realm_roles: Vec<String>,
    created_at: Timestamp,
}

impl Profile {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            id: user.id(),
            email: user.email_normalised.clone(),
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            avatar_url: user.avatar_url.clone(),
            email_verified: user.email_verified_at.is_some(),
            realm_roles: user.realm_roles.clone(),
            created_at: user.created_at.into(),
        }
    }

    fn reply(user: &User) -> Reply<Self> {
        Reply::ok(Self::of(user)).with_etag(of_version(user.version))
    }
}

/// What changes; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    #[schema(value_type = Option<DisplayName>)]
    display_name: Option<String>,
}

/// The user of a token.
///
/// # Errors
/// [`AuthError::UserGone`].
pub(crate) async fn load(state: &State, user_id: UserId) -> Result<User, AuthError> {
    users::lookup(&state.pool, user_id).await?.ok_or(AuthError::UserGone)
}

/// Applies the changes to the caller's own profile; `PUT` and `PATCH` are the same partial update.
async fn change(
    state: &State,
    caller: &Caller,
    expected: &IfMatch,
    changes: Changes,
) -> ApiResult<Reply<Profile>> {
    let (display_name,) =
        all((optional("display_name", changes.display_name, |name| DisplayName::parse(&name)),))?;
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    expected.check(&of_version(user.version))?;
    let Some(display_name) = display_name.filter(|name| name.as_str() != user.display_name) else {
        return Ok(Profile::reply(&user));
    };
    let now = state.clock.now();
    let user = users::update_profile(&mut transaction, user.id(), &display_name, now).await?;
    let event = UserUpdated(user.payload(now.into()));
    state.emit(&mut transaction, &event, &caller.cause()).await?;
    state.commit(transaction).await?;
    Ok(Profile::reply(&user))
}
