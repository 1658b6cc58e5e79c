//! Sensitive changes ask for a proof of identity that is not old: a stolen access token changes no password.

use colink_auth::Caller;

use crate::error::AuthError;
use crate::state::State;
use crate::store::sessions;

/// Refuses unless the caller proved in this session, lately, who he is. Signing in is a proof; presenting a provider's access
/// token is none, so that a session of one is as old as the sign-in at the provider.
///
/// # Errors
/// [`AuthError::Stale`], and failures of the store.
pub(crate) async fn require(state: &State, caller: &Caller) -> Result<(), AuthError> {
    let proven_at = sessions::find_authenticated_at(&state.pool, caller.session_id()).await?;
    let earliest = state.clock.now() - state.tokens.reauthentication();
    if proven_at.is_some_and(|at| at > earliest) { Ok(()) } else { Err(AuthError::Stale) }
}
