//! `POST /auth/resend-verification`.

use actix_web::web::Data;
use colink_core::text::Email;
use colink_http::validate::{all, field};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MailOnItsWay, queue_verification};
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::state::State;
use crate::store::{registrations, users};

/// As many of the latest registrations get a new mail: the owner's is among them also when somebody else tried after him,
/// and one call does not send mails without end.
const RESENT: i64 = 3;

/// Whose mail got lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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

    let mut transaction = state.begin().await?;
    let user = users::lock_by_email(&mut transaction, &email).await?;
    if let Some(user) = user.filter(|user| user.email_verified_at.is_none()) {
        let latest = registrations::list_latest(&mut transaction, user.id(), RESENT).await;
        for pending in latest.map_err(AuthError::from)? {
            queue_verification(&state, &mut transaction, user.id(), pending, &context).await?;
        }
    }
    state.commit(transaction).await?;
    Ok(Reply::ok(MailOnItsWay::SENT))
}
