//! `GET /auth/mail-templates/{name}`.

use colink_auth::RealmAdmin;
use colink_http::{ApiError, ApiResult, Path, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::letter::{Template, preview};

/// A mail with sample data in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailPreview {
    #[schema(example = "verify_email")]
    name: &'static str,
    #[schema(example = "Confirm your mail address")]
    subject: &'static str,
    /// The plain text part.
    #[schema(example = "Hello Ada Lovelace, …")]
    text: String,
    /// The HTML part, a whole document.
    #[schema(example = "<!doctype html>…")]
    html: String,
}

/// Preview a mail
///
/// The mail as somebody would get it, filled with samples: no link in it works. For administrators of the installation.
#[utoipa::path(
    get,
    path = "/auth/mail-templates/{name}",
    operation_id = "preview_mail_template",
    tag = "mail",
    params(("name" = String, Path, description = "A name of the list.", example = "verify_email")),
    responses((status = 200, description = "The mail in text and HTML.", body = Success<MailPreview>))
)]
pub(crate) async fn preview_mail_template(
    _: RealmAdmin,
    Path(name): Path<String>,
) -> ApiResult<Reply<MailPreview>> {
    let template = Template::from_name(&name).ok_or_else(|| ApiError::not_found("mail template"))?;
    let letter = preview(template);
    let preview =
        MailPreview { name: template.name(), subject: letter.subject, text: letter.text, html: letter.html };
    Ok(Reply::ok(preview))
}
