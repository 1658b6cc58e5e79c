//! Accounts.

mod turns;

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use colink_core::text::{Email, Username};
use colink_core::time::Timestamp;
use colink_events::users::UserPayload;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::profiles::ProfileFields;
use super::registrations::Registration;
use crate::domain::password::Owner;

pub(crate) use turns::{
    delete, lock_expired, update_password, update_proven, update_unproven_name, update_vouched,
};

/// An account, without its password.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct User {
    id: Uuid,
    /// None for a bot and for whoever was erased.
    pub(crate) email_normalised: Option<String>,
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) avatar_url: Option<String>,
    pub(crate) email_verified_at: Option<DateTime<Utc>>,
    pub(crate) realm_roles: Vec<String>,
    pub(crate) suspended_at: Option<DateTime<Utc>>,
    pub(crate) kind: String,
    /// Closed by its owner.
    pub(crate) deactivated_at: Option<DateTime<Utc>>,
    pub(crate) erased_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    pub(crate) profile: ProfileFields,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
}

impl User {
    /// Its id.
    pub(crate) fn id(&self) -> UserId {
        UserId::from_uuid(self.id)
    }

    /// Whether it is a program's.
    pub(crate) fn is_bot(&self) -> bool {
        self.kind == "bot"
    }

    /// Whether its owner has neither closed nor erased it.
    pub(crate) fn is_open(&self) -> bool {
        self.deactivated_at.is_none() && self.erased_at.is_none()
    }

    /// Whether an administrator or its owner closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.suspended_at.is_some() || self.deactivated_at.is_some() || self.erased_at.is_some()
    }

    /// What its password must not contain.
    pub(crate) fn owner(&self) -> Owner<'_> {
        Owner { username: Some(&self.username), email: self.email_normalised.as_deref() }
    }

    /// The profile as it stands, for an event.
    pub(crate) fn payload(&self, at: Timestamp) -> UserPayload {
        UserPayload {
            user_id: self.id(),
            username: self.username.clone(),
            display_name: self.display_name.clone(),
            avatar_url: self.avatar_url.clone(),
            status: self.profile.status(at.as_datetime()),
            time_zone: self.profile.time_zone.clone(),
            bot: self.is_bot(),
            version: self.version,
            at,
        }
    }
}

/// An account with what a login is checked against.
#[derive(Debug, FromRow)]
pub(crate) struct Credentials {
    #[sqlx(flatten)]
    pub(crate) user: User,
    pub(crate) password_hash: Option<String>,
}

/// An account to be.
#[derive(Debug)]
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a Email,
    pub(crate) username: &'a Username,
    pub(crate) display_name: &'a str,
    /// None for whoever signs in by other means.
    pub(crate) password_hash: Option<&'a str>,
    /// Whether the address is proven already.
    pub(crate) is_proven: bool,
    pub(crate) now: DateTime<Utc>,
}

/// Creates an account; `None` when the address has one.
pub(crate) async fn insert(connection: &mut PgConnection, new: &NewUser<'_>) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "insert into users (id, email, email_normalised, username, display_name, password_hash, realm_roles,
                            email_verified_at, version, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, '{user}', $7, 1, $8, $8)
         on conflict (email_normalised) do nothing
         returning *",
    )
    .bind(new.id.as_uuid())
    .bind(new.email.as_given())
    .bind(new.email.as_str())
    .bind(new.username.as_str())
    .bind(new.display_name)
    .bind(new.password_hash)
    .bind(new.is_proven.then_some(new.now))
    .bind(new.now)
    .fetch_optional(connection)
    .await
}

/// The account with this id.
pub(crate) async fn lookup(executor: impl PgExecutor<'_>, id: UserId) -> sqlx::Result<Option<User>> {
    sqlx::query_as("select * from users where id = $1").bind(id.as_uuid()).fetch_optional(executor).await
}

/// The account with this id, locked until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: UserId) -> sqlx::Result<Option<User>> {
    sqlx::query_as("select * from users where id = $1 for update")
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await
}

/// The account with this address.
pub(crate) async fn find_by_email(
    executor: impl PgExecutor<'_>,
    email: &Email,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as("select * from users where email_normalised = $1")
        .bind(email.as_str())
        .fetch_optional(executor)
        .await
}

/// The account with this address, locked until the transaction ends.
pub(crate) async fn lock_by_email(
    connection: &mut PgConnection,
    email: &Email,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as("select * from users where email_normalised = $1 for update")
        .bind(email.as_str())
        .fetch_optional(connection)
        .await
}

/// The account with this address and what a login is checked against.
pub(crate) async fn find_credentials(
    executor: impl PgExecutor<'_>,
    email: &Email,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as("select * from users where email_normalised = $1")
        .bind(email.as_str())
        .fetch_optional(executor)
        .await
}

/// The account with this id and what a password is checked against.
pub(crate) async fn lookup_credentials(
    executor: impl PgExecutor<'_>,
    id: UserId,
) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as("select * from users where id = $1").bind(id.as_uuid()).fetch_optional(executor).await
}

/// The accounts with these ids, in no order; unknown ids are passed over.
pub(crate) async fn list(executor: impl PgExecutor<'_>, ids: &[UserId]) -> sqlx::Result<Vec<User>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    sqlx::query_as("select * from users where id = any($1)").bind(ids).fetch_all(executor).await
}

/// Marks the address as proven by this registration, whose names and password the account gets, and makes its owner a
/// realm admin when it is `admin_email`. `None` when it was proven before.
pub(crate) async fn update_verified(
    connection: &mut PgConnection,
    id: UserId,
    registration: &Registration,
    admin_email: Option<&Email>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<User>> {
    sqlx::query_as(
        "update users
            set email_verified_at = $2, updated_at = $2, version = version + 1,
                username = $4, display_name = $5, password_hash = $6,
                realm_roles = case when email_normalised = $3 then '{user,admin}' else realm_roles end
          where id = $1 and email_verified_at is null
         returning *",
    )
    .bind(id.as_uuid())
    .bind(now)
    .bind(admin_email.map(Email::as_str))
    .bind(&registration.username)
    .bind(&registration.display_name)
    .bind(&registration.password_hash)
    .fetch_optional(connection)
    .await
}

/// Replaces a hash of outdated cost; `false` when another one is stored by now.
pub(crate) async fn update_password_hash(
    executor: impl PgExecutor<'_>,
    id: UserId,
    old: &str,
    new: &str,
) -> sqlx::Result<bool> {
    let replaced = sqlx::query("update users set password_hash = $3 where id = $1 and password_hash = $2")
        .bind(id.as_uuid())
        .bind(old)
        .bind(new)
        .execute(executor)
        .await?;
    Ok(replaced.rows_affected() == 1)
}
