//! `POST /auth/reset-password`.
//!
//! Who reads the mail of an address has proven it, so the reset of an account that was never verified verifies it: with
//! the password that is set here, and without any that was chosen by whoever registered. A second factor stays.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::opaque_token::{OpaqueToken, TokenHash};
use crate::domain::password::Password;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::state::State;
use crate::store::users::User;
use crate::store::{password_resets, users};
use crate::{password_change, verification};

/// The token of the mail, and the password to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResetPassword)]
pub(crate) struct Request {
    /// What stands behind `#token=` in the link.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    token: String,
    /// By the rules of a registration.
    #[serde(default)]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// The password is set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasswordWasReset)]
pub(crate) struct WasReset {
    /// Always `password_reset`.
    #[schema(example = "password_reset")]
    status: &'static str,
}

/// Set a new password with a mailed link
///
/// The token works once and for an hour. Every session ends, and a lock after failed sign-ins is lifted. A second
/// factor stays: it is asked for at the next sign-in.
#[utoipa::path(
    post,
    path = "/auth/reset-password",
    operation_id = "reset_password",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({
        "token": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE", "new_password": "Gr4phite!pencil"
    })),
    responses(
        (status = 200, description = "The password is set; sign in.", body = Success<WasReset>),
        (status = 403, response = inline(super::super::refusals::NotOpen)),
    )
)]
pub(crate) async fn reset_password(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<WasReset>> {
    let present = if request.token.is_empty() { Err(Invalid::required()) } else { Ok(request.token.trim()) };
    let chosen = |user: Option<&User>| {
        let owner = user.map(User::owner).unwrap_or_default();
        field("new_password", Password::chosen(&request.new_password, state.password_policy, owner))
    };
    let (text, _) = all((field("token", present), chosen(None)))?;
    state.limits.take(Limit::Verify, &Subject::client(&context)).await?;
    let token = OpaqueToken::parse(text).ok_or(AuthError::DeadLink)?.hash();

    let user = find_user(&state, token).await?;
    state.limits.take(Limit::LinkAccount, &Subject::account(user.id())).await?;
    let (password,) = all((chosen(Some(&user)),))?;
    let password_hash = state.passwords.turn().await?.hash(&password).await?;
    reset(&state, &user, token, &password_hash, &context).await?;
    if let Some(email) = &user.email_normalised {
        state.limits.forget_address(&Subject::address_of(email)).await?;
    }
    Ok(Reply::ok(WasReset { status: "password_reset" }))
}

async fn find_user(state: &State, token: TokenHash) -> Result<User, AuthError> {
    let user_id = password_resets::TOKENS.find_user(&state.pool, token, state.clock.now()).await?;
    let user = users::lookup(&state.pool, user_id.ok_or(AuthError::DeadLink)?).await?;
    user.ok_or(AuthError::DeadLink)
}

async fn reset(
    state: &State,
    user: &User,
    token: TokenHash,
    password_hash: &str,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let (now, cause) = (state.clock.now(), context.cause(Some(user.id()), None));
    let mut transaction = state.begin().await?;
    let user = users::lock(&mut transaction, user.id()).await?.ok_or(AuthError::DeadLink)?;
    if !password_resets::delete_used(&mut transaction, token, now).await? {
        return Err(AuthError::DeadLink);
    }
    if user.is_closed() {
        return Err(AuthError::Suspended);
    }
    verification::prove_by_mail(state, &mut transaction, &user, &cause).await?;
    let ended =
        password_change::replace(state, &mut transaction, user.id(), password_hash, None, &cause).await?;
    state.commit(transaction).await?;
    ended.announce(state).await;
    state.metrics.password_changed("reset", user.id());
    Ok(())
}
