//! `POST /auth/change-password`.
//!
//! The old password is asked for, and guessing it counts as guessing at a sign-in.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::{all, field, require};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::password::Password;
use crate::error::AuthError;
use crate::password_change;
use crate::password_check::{PasswordCheck, Proven};
use crate::sign_in::TokenPair;
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::sessions;
use crate::store::users::{self, User};
use crate::{renewal, second_factor};

/// The password of now and the one to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangePassword)]
pub(crate) struct Request {
    /// The password of now.
    #[serde(default)]
    #[schema(format = Password, max_length = 128)]
    current_password: String,
    /// By the rules of a registration, and another one than now.
    #[serde(default)]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Change my password
///
/// Every other session ends; this one goes on with the tokens of the answer, and its refresh token of before is dead.
/// Without a second factor it is a fresh proof, too. Failures count as failed sign-ins.
#[utoipa::path(
    post,
    path = "/auth/change-password",
    operation_id = "change_password",
    tag = "auth",
    request_body(content = Request, example = json!({
        "current_password": "Gr4phite!pencil", "new_password": "B3tter!pencil"
    })),
    responses(
        (status = 200, description = "The password is changed.", body = Success<SignedIn>),
        (status = 401, response = inline(super::super::refusals::InvalidCredentials)),
        (status = 409, response = inline(super::super::refusals::NoPassword)),
    )
)]
pub(crate) async fn change_password(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    let found = users::lookup_credentials(&state.pool, caller.user_id()).await.map_err(AuthError::from)?;
    let found = found.ok_or(AuthError::UserGone)?;
    let policy = state.password_policy;
    let (current, new) = all((
        field("current_password", Password::claimed(&request.current_password)),
        field("new_password", Password::chosen(&request.new_password, policy, found.user.owner())),
    ))?;
    all((require("new_password", !new.is(&current), "must be another one than now"),))?;
    if found.password_hash.is_none() {
        return Err(AuthError::NoPassword.into());
    }
    let check = PasswordCheck::of(&state, caller.context(), &found.user).await?;
    let proven = check.prove(Some(found), &current).await?;
    let password_hash = state.passwords.turn().await?.hash(&new).await?;
    let (tokens, user) = change(&state, &caller, &proven, &password_hash).await?;
    Ok(SignedIn::reply(&state, tokens, &user))
}

async fn change(
    state: &State,
    caller: &Caller,
    proven: &Proven,
    password_hash: &str,
) -> Result<(TokenPair, User), AuthError> {
    let (session_id, cause) = (caller.session_id(), caller.cause());
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, proven.user.id()).await?.ok_or(AuthError::UserGone)?;
    proven.hash.require(&mut transaction, user.id()).await?;
    let tokens = renewal::renew(state, &mut transaction, &user, session_id, &[]).await?;
    if second_factor::methods(&mut transaction, user.id()).await?.is_empty() {
        sessions::update_authenticated(&mut *transaction, session_id, state.clock.now()).await?;
    }
    let kept = Some(session_id);
    let ended =
        password_change::replace(state, &mut transaction, user.id(), password_hash, kept, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    state.metrics.password_changed("change", user.id());
    Ok((tokens, user))
}
