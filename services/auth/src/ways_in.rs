//! By what a user can still sign in. Whoever takes a way away asks here in the same transaction, with the user's row locked,
//! so that of two last ways taken away at once one stays.

use colink_core::id::UserId;
use sqlx::PgConnection;

use crate::error::AuthError;
use crate::state::State;
use crate::store::{identities, vouched_users};

/// Refuses when nothing is left: no password and no provider that is still offered.
///
/// # Errors
/// [`AuthError::LastWayIn`], and failures of the store.
pub(crate) async fn require_one(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
) -> Result<(), AuthError> {
    let offered: Vec<String> = state.oidc.providers().map(|provider| provider.key.clone()).collect();
    let left = vouched_users::has_password(transaction, user_id).await?
        || identities::count_usable(transaction, user_id, &offered).await? > 0;
    if left { Ok(()) } else { Err(AuthError::LastWayIn) }
}
