//! `POST /auth/verify-email`.
//!
//! A link proves the address for the registration that it was sent for: the account gets that one's names and password,
//! whoever registered first, and every other registration is void.

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use colink_core::error::Invalid;
use colink_events::users::{UserUpdated, UserVerified};
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::register::HELD;
use crate::domain::opaque_token::{OpaqueToken, TokenHash};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::state::State;
use crate::store::email_tokens::VERIFY;
use crate::store::registrations::{self, Registration};
use crate::store::users::User;
use crate::store::{usernames, users};

/// The token of the mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// What stands behind `token=` in the link.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    token: String,
}

/// The address is proven.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verified {
    /// Always `verified`.
    #[schema(example = "verified")]
    status: &'static str,
}

/// Prove that an address is yours
///
/// The token works once and for 24 hours.
#[utoipa::path(
    post,
    path = "/auth/verify-email",
    operation_id = "verify_email",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({"token": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE"})),
    responses((status = 200, description = "The address is proven; sign in.", body = Success<Verified>))
)]
pub(crate) async fn verify_email(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Verified>> {
    let present = if request.token.is_empty() { Err(Invalid::required()) } else { Ok(request.token.trim()) };
    let (text,) = all((field("token", present),))?;
    state.limits.take(Limit::Verify, &Subject::client(&context)).await?;
    let token = OpaqueToken::parse(text).ok_or(AuthError::DeadLink)?;

    let mut transaction = state.begin().await?;
    prove(&state, &mut transaction, token.hash(), &context).await?;
    state.commit(transaction).await?;
    Ok(Reply::ok(Verified { status: "verified" }))
}

async fn prove(
    state: &State,
    transaction: &mut PgConnection,
    token: TokenHash,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    let user_id = registrations::find_user_by_token(transaction, token, VERIFY, now).await?;
    // Links of one account are used one after the other: the first takes the rest away.
    let user = users::lock(transaction, user_id.ok_or(AuthError::DeadLink)?).await?;
    let user = user.ok_or(AuthError::DeadLink)?;
    let used = registrations::lock_by_token(transaction, token, VERIFY, now).await?;
    let mut used = used.ok_or(AuthError::DeadLink)?;
    used.username = settle_name(transaction, &user, &used, now).await?;
    registrations::delete_all(transaction, user.id()).await?;
    let admin = state.admin_email.as_ref();
    let proven = users::update_verified(transaction, user.id(), &used, admin, now).await?;
    let user = proven.ok_or(AuthError::DeadLink)?;
    let cause = context.cause(Some(user.id()), None);
    let verified = UserVerified { user_id: user.id(), at: now.into() };
    state.emit(transaction, &verified, &cause).await?;
    state.emit(transaction, &UserUpdated(user.payload(now.into())), &cause).await
}

/// The name that the registration asked for; the old one is held for a while, as those of the void registrations are.
/// When somebody else got the name after its time, the account keeps the one it has.
async fn settle_name(
    transaction: &mut PgConnection,
    user: &User,
    used: &Registration,
    now: DateTime<Utc>,
) -> Result<String, AuthError> {
    if used.username == user.username
        || !usernames::update_claimed(transaction, &used.username, used.id, now).await?
    {
        return Ok(user.username.clone());
    }
    usernames::update_held(transaction, &user.username, None, now + HELD).await?;
    Ok(used.username.clone())
}
