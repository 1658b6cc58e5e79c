//! Whom a mail goes to: the account, or what a pending registration would make of it.

use colink_core::id::UserId;
use sqlx::{FromRow, PgExecutor};

use super::registrations::RegistrationId;

/// The reader of a mail.
#[derive(FromRow)]
pub(crate) struct Recipient {
    pub(crate) email: String,
    /// The registration's, else the account's.
    pub(crate) username: String,
    /// The registration's, else the account's.
    pub(crate) display_name: String,
}

/// The reader of a mail to this user, as far as he has an address.
pub(crate) async fn lookup(
    executor: impl PgExecutor<'_>,
    user_id: UserId,
    registration: Option<RegistrationId>,
) -> sqlx::Result<Option<Recipient>> {
    sqlx::query_as(
        "select u.email, coalesce(r.username, u.username) as username,
                coalesce(r.display_name, u.display_name) as display_name
           from users u left join registrations r on r.id = $2 and r.user_id = u.id
          where u.id = $1 and u.email is not null",
    )
    .bind(user_id.as_uuid())
    .bind(registration)
    .fetch_optional(executor)
    .await
}
