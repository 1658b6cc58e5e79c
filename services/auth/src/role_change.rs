//! Other realm roles for an account.
//!
//! Tokens carry the roles, so nothing that was made with the old ones goes on: sessions end, and API keys with `admin:*`, the
//! only ones whose tokens differ by a role. Those end for good: whoever becomes an administrator again does not find keys
//! of before.

use colink_bus::outbox;
use colink_core::permission::Scope;
use colink_events::Cause;
use colink_events::users::UserRolesChanged;
use sqlx::PgConnection;

use crate::api_keys;
use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::ledger::Ledger;
use crate::mail::{self, Mail};
use crate::revocation::{Revocation, reason};
use crate::store::users::User;
use crate::store::{realm_roles, sessions};

/// Gives the user these roles, ends what has the old ones, and tells him. His row must be locked.
///
/// # Errors
/// Failures of the store and of the outbox.
pub(crate) async fn change(
    ledger: &impl Ledger,
    transaction: &mut PgConnection,
    user: &User,
    roles: &[String],
    cause: &Cause,
) -> Result<[Revocation; 2], AuthError> {
    let (user_id, now, reason) = (user.id(), ledger.clock().now(), reason::ROLES_CHANGED);
    realm_roles::update(transaction, user_id, roles, now).await?;
    let ended = sessions::update_all_revoked(transaction, user_id, reason, now).await?;
    let ended = Revocation::record(ledger, transaction, user_id, ended, reason, cause).await?;
    let keys = api_keys::end_with_scope(ledger, transaction, user_id, Scope::Admin, reason, cause).await?;
    let (old_roles, new_roles) = (user.realm_roles.clone(), roles.to_vec());
    let event = UserRolesChanged { user_id, old_roles, new_roles, at: now.into() };
    outbox::enqueue(transaction, &event, cause, ledger.clock()).await?;
    let mail = Mail::new(user_id, Template::RolesChanged).fact("roles", &roles.join(", ")).at(now);
    mail::queue_filled(ledger, transaction, mail, cause).await?;
    Ok([ended, keys])
}
