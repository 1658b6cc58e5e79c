//! `POST /auth/verify-email`.

use actix_web::web::Data;
use colink_core::error::Invalid;
use colink_events::users::{UserUpdated, UserVerified};
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::state::State;
use crate::store::{email_tokens, users};

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

    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let user_id =
        email_tokens::update_used(&mut transaction, token.hash(), email_tokens::VERIFY, now).await?;
    let user_id = user_id.ok_or(AuthError::DeadLink)?;
    let admin = state.admin_email.as_ref();
    if let Some(user) = users::update_verified(&mut transaction, user_id, admin, now).await? {
        let cause = context.cause(Some(user_id), None);
        let verified = UserVerified { user_id, at: now.into() };
        state.emit(&mut transaction, &verified, &cause).await?;
        state.emit(&mut transaction, &UserUpdated(user.payload(now.into())), &cause).await?;
    }
    state.commit(transaction).await?;
    Ok(Reply::ok(Verified { status: "verified" }))
}
