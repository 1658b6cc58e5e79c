//! `grant-admin`: makes somebody a realm admin, for whoever has the machine: the first one where accounts come from a provider or
//! by `import-users`, whose addresses are proven before anybody could be taken for `bootstrap.admin_email`.
//!
//! It does what `PUT /auth/users/{user_id}/realm-roles` does, in the name of nobody; the running service publishes the event,
//! sends the mail and refuses tokens of the sessions that ended. An administrator stays one, so it can be called again.

use std::ffi::OsStr;

use colink_auth::REALM_ADMIN;
use colink_core::text::Email;
use colink_events::Cause;
use colink_runtime::StartError;
use colink_store::postgres;
use sqlx::PgPool;

use crate::config::Config;
use crate::domain::realm_role;
use crate::error::AuthError;
use crate::store::{realm_roles, users};
use crate::{administration, role_change};

/// The name of the command.
pub(crate) const NAME: &str = "grant-admin";

/// Why nobody became an administrator.
#[derive(Debug, thiserror::Error)]
enum GrantError {
    /// It is none.
    #[error("this is no mail address")]
    NoAddress,
    /// Nobody has it.
    #[error("no account has this address: its owner registers or signs in first")]
    Unknown,
    /// Somebody typed it.
    #[error(
        "nobody has proven yet that the address is his: its owner opens the link that was mailed to him first"
    )]
    Unproven,
    /// Nobody can sign in to it.
    #[error("the account is closed")]
    Closed,
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The command.
pub(crate) async fn command(config: &Config, address: &OsStr) -> Result<String, StartError> {
    let failed = "granting the role";
    let email = address.to_str().and_then(|text| Email::parse(text).ok());
    let email = email.ok_or(GrantError::NoAddress).map_err(StartError::running(failed))?;
    let pool = postgres::connect(&config.postgres, "auth").await?;
    let granted = run(&pool, config, &email).await;
    pool.close().await;
    granted.map_err(StartError::running(failed))
}

async fn run(pool: &PgPool, config: &Config, email: &Email) -> Result<String, GrantError> {
    let mut transaction = pool.begin().await.map_err(AuthError::from)?;
    let found = users::find_by_email(&mut *transaction, email).await.map_err(AuthError::from)?;
    let id = found.ok_or(GrantError::Unknown)?.id();
    let locked = realm_roles::lock_with_admins(&mut transaction, id).await.map_err(AuthError::from)?;
    // Whoever was erased while this waited has no address any more.
    let user = locked.iter().find(|user| user.id() == id && user.erased_at.is_none());
    let user = user.ok_or(GrantError::Unknown)?;
    if !administration::is_proven_person(user) {
        return Err(GrantError::Unproven);
    }
    if user.is_closed() {
        return Err(GrantError::Closed);
    }
    let name = &user.username;
    if administration::is_administrator(user) {
        return Ok(format!("{name} is an administrator already"));
    }
    let roles = realm_role::complete(&[REALM_ADMIN.to_owned()]);
    // The service puts the sessions on the deny-list by the job that this leaves, within a second or two.
    let [_sessions, _keys] =
        role_change::change(config, &mut transaction, user, &roles, &Cause::default()).await?;
    transaction.commit().await.map_err(AuthError::from)?;
    Ok(format!("{name} is an administrator now and signs in again"))
}
