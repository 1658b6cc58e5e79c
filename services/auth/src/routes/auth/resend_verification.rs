//! `POST /auth/resend-verification`.
//!
//! The request queues a job and does nothing else, whoever the address belongs to;
//! [`crate::jobs::answer_mail_request`] does the rest.

use actix_web::web::Data;
use colink_core::text::Email;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::MailOnItsWay;
use crate::jobs::answer_mail_request::{self, Purpose};
use crate::limits::{Limit, Subject};
use crate::state::State;

/// Whose mail got lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResendVerification)]
pub(crate) struct Request {
    /// The address of the registration.
    #[serde(default)]
    #[schema(value_type = Email)]
    email: String,
}

/// Send the verification mail again
///
/// Links sent before stop working. The answer is the same for every address.
#[utoipa::path(
    post,
    path = "/auth/resend-verification",
    operation_id = "resend_verification",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({"email": "ada@example.com"})),
    responses((status = 200, description = "If it is needed, a mail is on its way.", body = Success<MailOnItsWay>))
)]
pub(crate) async fn resend_verification(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<MailOnItsWay>> {
    let (email,) = all((field("email", Email::parse(&request.email)),))?;
    state.limits.take(Limit::Mail, &Subject::client(&context)).await?;
    state.limits.take(Limit::MailAddress, &Subject::address(&email)).await?;

    answer_mail_request::queue(&state, &email, Purpose::VerifyEmail, context.cause(None, None)).await?;
    Ok(Reply::ok(MailOnItsWay::SENT))
}
