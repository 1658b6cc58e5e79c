//! `POST /auth/forgot-password`.
//!
//! The request queues a job and does nothing else, whoever the address belongs to;
//! [`crate::jobs::answer_mail_request`] does the rest.

use actix_web::web::Data;
use colink_core::text::Email;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::jobs::answer_mail_request::{self, Purpose};
use crate::limits::{Limit, Subject};
use crate::state::State;

/// Whose password is lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForgotPassword)]
pub(crate) struct Request {
    /// The address of the account.
    #[serde(default)]
    #[schema(value_type = Email)]
    email: String,
}

/// The same answer for every address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetOnItsWay {
    /// Always `reset_sent`.
    #[schema(example = "reset_sent")]
    status: &'static str,
}

/// Ask for a link that sets a new password
///
/// A mail goes to the address if it has an account that is not closed. Its link works once and for an hour; links sent
/// before stop working. The answer is the same for every address.
#[utoipa::path(
    post,
    path = "/auth/forgot-password",
    operation_id = "forgot_password",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({"email": "ada@example.com"})),
    responses((status = 200, description = "If there is an account, a mail is on its way.", body = Success<ResetOnItsWay>))
)]
pub(crate) async fn forgot_password(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<ResetOnItsWay>> {
    let (email,) = all((field("email", Email::parse(&request.email)),))?;
    state.limits.take(Limit::Mail, &Subject::client(&context)).await?;
    state.limits.take(Limit::ResetAddress, &Subject::address(&email)).await?;

    answer_mail_request::queue(&state, &email, Purpose::ResetPassword, context.cause(None, None)).await?;
    Ok(Reply::ok(ResetOnItsWay { status: "reset_sent" }))
}
