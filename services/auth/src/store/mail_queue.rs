//! Mails on their way out. A row is deleted when its mail has left.

use chrono::{DateTime, Utc};
use colink_core::id::{MailId, UserId};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::registrations::RegistrationId;
use crate::domain::letter::Template;

/// A mail whose turn it is, with what it is filled with.
#[derive(FromRow)]
pub(crate) struct DueMail {
    id: Uuid,
    user_id: Uuid,
    pub(crate) template: String,
    /// Whose link it carries, if it carries one.
    pub(crate) registration_id: Option<RegistrationId>,
    /// This attempt's number, from 1.
    pub(crate) attempts: i32,
    pub(crate) email: String,
    /// The registration's, else the account's.
    pub(crate) username: String,
    /// The registration's, else the account's.
    pub(crate) display_name: String,
}

impl DueMail {
    pub(crate) fn id(&self) -> MailId {
        MailId::from_uuid(self.id)
    }

    /// Whom it goes to.
    pub(crate) fn user_id(&self) -> UserId {
        UserId::from_uuid(self.user_id)
    }
}

/// Queues a mail to the user, with a link of the registration if one is named.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    id: MailId,
    user_id: UserId,
    template: Template,
    registration: Option<RegistrationId>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into mail_queue (id, user_id, template, registration_id, created_at, next_attempt_at)
         values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(id.as_uuid())
    .bind(user_id.as_uuid())
    .bind(template.name())
    .bind(registration)
    .bind(now)
    .execute(executor)
    .await
    .map(drop)
}

/// Takes the mail that waits longest, and leaves it to others again at `lease_until` in case this process dies.
pub(crate) async fn update_claimed(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> sqlx::Result<Option<DueMail>> {
    sqlx::query_as(
        "update mail_queue m
            set attempts = m.attempts + 1, next_attempt_at = $2
           from mail_queue due
           join users u on u.id = due.user_id
           left join registrations r on r.id = due.registration_id
          where due.id = m.id
            and m.id = (select id from mail_queue
                         where failed_at is null and next_attempt_at <= $1
                         order by next_attempt_at
                         limit 1
                           for update skip locked)
         returning m.id, m.user_id, m.template, m.registration_id, m.attempts, u.email,
                   coalesce(r.username, u.username) as username,
                   coalesce(r.display_name, u.display_name) as display_name",
    )
    .bind(now)
    .bind(lease_until)
    .fetch_optional(executor)
    .await
}

/// The mail has left.
pub(crate) async fn delete(executor: impl PgExecutor<'_>, id: MailId) -> sqlx::Result<()> {
    sqlx::query("delete from mail_queue where id = $1").bind(id.as_uuid()).execute(executor).await.map(drop)
}

/// The mail did not leave: it is tried again at `next_attempt_at`, or never when that is `None`.
pub(crate) async fn update_failed(
    executor: impl PgExecutor<'_>,
    id: MailId,
    next_attempt_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update mail_queue
            set next_attempt_at = coalesce($2, next_attempt_at), failed_at = case when $2 is null then $3 end
          where id = $1",
    )
    .bind(id.as_uuid())
    .bind(next_attempt_at)
    .bind(now)
    .execute(executor)
    .await
    .map(drop)
}

/// How many mails wait.
pub(crate) async fn count(executor: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from mail_queue where failed_at is null").fetch_one(executor).await
}

/// Deletes mails that were given up before `before`, and says how many.
pub(crate) async fn delete_failed(executor: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let deleted =
        sqlx::query("delete from mail_queue where failed_at < $1").bind(before).execute(executor).await?;
    Ok(deleted.rows_affected())
}

/// Whether a mail of this kind to the user, with a link of the same registration, waits already.
pub(crate) async fn find_waiting(
    connection: &mut PgConnection,
    user_id: UserId,
    template: Template,
    registration: Option<RegistrationId>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from mail_queue
                         where user_id = $1 and template = $2 and registration_id is not distinct from $3
                           and failed_at is null)",
    )
    .bind(user_id.as_uuid())
    .bind(template.name())
    .bind(registration)
    .fetch_one(connection)
    .await
}
