//! `GET /users/{user_id}`.

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use colink_auth::{Caller, Scoped, needs};
use colink_core::error::ErrorKind;
use colink_core::id::UserId;
use colink_events::channels::AccessBypassed;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::StatusView;
use crate::error::AuthError;
use crate::state::State;
use crate::store::users::{self, User};

/// A user as others see him.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserSummary)]
pub(crate) struct Summary {
    id: UserId,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "Ada Lovelace")]
    display_name: String,
    /// Where his picture is, relative to the origin of the API.
    avatar_url: Option<String>,
    #[schema(example = "Writes the first programs.")]
    bio: Option<String>,
    #[schema(example = "Analyst")]
    title: Option<String>,
    #[schema(example = "she/her")]
    pronouns: Option<String>,
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
    status: Option<StatusView>,
    /// Whether it is a program.
    bot: bool,
    /// Whether he has closed his account.
    deactivated: bool,
}

impl Summary {
    fn of(user: User, now: DateTime<Utc>) -> Self {
        Self {
            id: user.id(),
            status: user.profile.status(now).map(StatusView::from),
            bot: user.is_bot(),
            deactivated: user.deactivated_at.is_some(),
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
            bio: user.profile.bio,
            title: user.profile.title,
            pronouns: user.profile.pronouns,
            time_zone: user.profile.time_zone,
        }
    }
}

/// Get a user
///
/// Members of a workspace see each other; to anybody else there is no such user. If all workspaces that they share ask for a
/// second factor, so does this (401 `MFA_REQUIRED`). Realm admins see everybody, which is audited.
#[utoipa::path(
    get,
    path = "/users/{user_id}",
    operation_id = "get_user",
    tag = "users",
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 200, description = "The public part of the profile.", body = Success<Summary>))
)]
pub(crate) async fn get_user(
    state: Data<State>,
    caller: Scoped<needs::UsersRead>,
    Path(user_id): Path<UserId>,
) -> ApiResult<Reply<Summary>> {
    let missing = || ApiError::not_found("user");
    let user = users::lookup(&state.pool, user_id).await.map_err(AuthError::from)?;
    let user =
        user.filter(|user| user.is_bot() || user.email_verified_at.is_some() || user.erased_at.is_some());
    let user = user.ok_or_else(missing)?;
    let me = caller.user_id();
    if user_id != me {
        match state.peers.shared(me, user_id).await? {
            met if met.shared && met.require_mfa && !caller.has_second_factor() => {
                return Err(ApiError::of(ErrorKind::MfaRequired));
            }
            met if met.shared => {}
            _ if caller.realm_admin() => note_bypass(&state, &caller).await?,
            _ => return Err(missing()),
        }
    }
    Ok(Reply::ok(Summary::of(user, state.clock.now())).with_body_etag())
}

async fn note_bypass(state: &State, caller: &Caller) -> Result<(), AuthError> {
    let bypass = AccessBypassed {
        workspace_id: None,
        channel_id: None,
        action: "read_user".to_owned(),
        user_id: caller.user_id(),
        at: state.clock.timestamp(),
    };
    let mut transaction = state.begin().await?;
    state.emit(&mut transaction, &bypass, &caller.cause()).await?;
    state.commit(transaction).await
}
