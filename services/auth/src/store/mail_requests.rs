//! Mails that somebody asked for by naming an address, known or not.

use chrono::{DateTime, Utc};
use colink_core::text::Email;
use sqlx::{FromRow, PgConnection, PgExecutor};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Links that prove the address.
    VerifyEmail,
    /// A link that sets a new password.
    ResetPassword,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// A request that was not answered yet.
#[derive(Debug, FromRow)]
pub(crate) struct MailRequest {
    pub(crate) email_normalised: String,
    purpose: String,
}

impl MailRequest {
    /// What is asked for; `None` when a later build wrote it.
    pub(crate) fn purpose(&self) -> Option<Purpose> {
        [Purpose::VerifyEmail, Purpose::ResetPassword].into_iter().find(|known| known.name() == self.purpose)
    }
}

/// Keeps a request.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    email: &Email,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("insert into mail_requests (email_normalised, purpose, requested_at) values ($1, $2, $3)")
        .bind(email.as_str())
        .bind(purpose.name())
        .bind(now)
        .execute(executor)
        .await
        .map(drop)
}

/// Takes the oldest request that nobody else is answering.
pub(crate) async fn delete_next(connection: &mut PgConnection) -> sqlx::Result<Option<MailRequest>> {
    sqlx::query_as(
        "delete from mail_requests
          where id = (select id from mail_requests order by id limit 1 for update skip locked)
         returning email_normalised, purpose",
    )
    .fetch_optional(connection)
    .await
}
