//! `GET /auth/mail-templates`.

use colink_auth::RealmAdmin;
use colink_core::page::CursorPage;
use colink_http::{ApiResult, Reply, Success};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::letter::Template;

/// A kind of mail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailTemplate {
    /// Its name in paths and metrics.
    #[schema(example = "verify_email")]
    name: &'static str,
    #[schema(example = "Confirm your mail address")]
    subject: &'static str,
}

/// List the mails
///
/// Every kind of mail that this service writes, on one page. For administrators of the installation.
#[utoipa::path(
    get,
    path = "/auth/mail-templates",
    operation_id = "list_mail_templates",
    tag = "mail",
    responses((status = 200, description = "The mails.", body = Success<CursorPage<MailTemplate>>))
)]
pub(crate) async fn list_mail_templates(_: RealmAdmin) -> ApiResult<Reply<CursorPage<MailTemplate>>> {
    let one = |template: &Template| MailTemplate { name: template.name(), subject: template.subject() };
    Ok(Reply::ok(CursorPage { items: Template::ALL.iter().map(one).collect(), next_cursor: None }))
}
