//! `POST /auth/set-password`: the first password of an account that signs in by other means.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::password::Password;
use crate::error::AuthError;
use crate::sign_in::TokenPair;
use crate::signed_in::SignedIn;
use crate::state::State;
use crate::store::users::{self, User};
use crate::{password_change, reauthentication, renewal};

/// The password to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetPassword)]
pub(crate) struct Request {
    /// By the rules of a registration.
    #[serde(default)]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Give my account a password
///
/// For an account that has none. The session must have been proven in the last ten minutes. Every other session ends;
/// this one goes on with the tokens of the answer.
#[utoipa::path(
    post,
    path = "/auth/set-password",
    operation_id = "set_password",
    tag = "auth",
    request_body(content = Request, example = json!({"new_password": "Gr4phite!pencil"})),
    responses(
        (status = 200, description = "The account has a password.", body = Success<SignedIn>),
        (status = 409, response = inline(super::super::refusals::HasPassword)),
    )
)]
pub(crate) async fn set_password(
    state: Data<State>,
    caller: Caller,
    Body(request): Body<Request>,
) -> ApiResult<Reply<SignedIn>> {
    reauthentication::require(&state, &caller).await?;
    let found = users::lookup_credentials(&state.pool, caller.user_id()).await.map_err(AuthError::from)?;
    let found = found.ok_or(AuthError::UserGone)?;
    let chosen = Password::chosen(&request.new_password, state.password_policy, found.user.owner());
    let (password,) = all((field("new_password", chosen),))?;
    if found.password_hash.is_some() {
        return Err(AuthError::HasPassword.into());
    }
    let password_hash = state.passwords.turn().await?.hash(&password).await?;
    let (tokens, user) = set(&state, &caller, &password_hash).await?;
    Ok(SignedIn::reply(&state, tokens, &user))
}

/// Of two at once one sets the password, and the other finds one.
async fn set(state: &State, caller: &Caller, password_hash: &str) -> Result<(TokenPair, User), AuthError> {
    let (session_id, cause) = (caller.session_id(), caller.cause());
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, caller.user_id()).await?.ok_or(AuthError::UserGone)?;
    let now = users::lookup_credentials(&mut *transaction, user.id()).await?;
    if now.is_none_or(|now| now.password_hash.is_some()) {
        return Err(AuthError::HasPassword);
    }
    let tokens = renewal::renew(state, &mut transaction, &user, session_id, &[]).await?;
    let kept = Some(session_id);
    let ended =
        password_change::replace(state, &mut transaction, user.id(), password_hash, kept, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    state.metrics.password_changed("set", user.id());
    Ok((tokens, user))
}
