//! What the two ways to close an account share: no workspace is left without an owner, nor the installation without an
//! administrator, and access ends at once.

use colink_core::id::UserId;
use colink_events::Cause;
use colink_events::users::SessionRevoked;
use colink_http::{ApiError, ApiResult};
use sqlx::PgConnection;

use crate::administration;
use crate::api_keys::end_all;
use crate::bots::take_out_of_use;
use crate::error::AuthError;
use crate::jobs::deny_sessions;
use crate::revocation::{self, Revocation, reason};
use crate::state::State;
use crate::store::users::{self, User};
use crate::store::{bots, realm_roles, sessions};

/// How an account closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// For a while: his bots stay his, without keys.
    Deactivation,
    /// For good: his bots go out of use.
    Erasure,
}

/// Access that ended in a transaction and is to be announced after it.
#[must_use = "announce it after the commit"]
pub(crate) struct Ended {
    user_id: UserId,
    revocations: Vec<Revocation>,
}

/// Refuses while a workspace with other members would have no owner left. Channels decides: asked before the transaction,
/// it says how things stand. Who becomes the last owner in that moment is succeeded by another when channels hears of it.
///
/// # Errors
/// 409 that names the workspaces; what keeps channels from answering.
pub(crate) async fn check_handed_over(state: &State, user_id: UserId) -> ApiResult<()> {
    let owned = state.peers.sole_ownerships(user_id).await?;
    if owned.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = owned.iter().map(|workspace| workspace.name.as_str()).collect();
    let message =
        format!("You are the last owner of {}: make somebody else an owner first.", names.join(", "));
    let refusal = ApiError::conflict(message);
    Err(owned.iter().fold(refusal, |refusal, workspace| {
        refusal.with_field(format!("workspaces.{}", workspace.workspace_id), workspace.name.clone())
    }))
}

/// Takes the account that is to be closed, locked until the transaction ends, unless nobody would administer the installation
/// afterwards. Of those who leave, all wait for one another: a role may come at any moment.
///
/// # Errors
/// [`AuthError::UserGone`] when it is closed already, [`AuthError::LastAdministrator`].
pub(crate) async fn lock_leaving(transaction: &mut PgConnection, user_id: UserId) -> Result<User, AuthError> {
    realm_roles::lock_administration(&mut *transaction).await?;
    let user = users::lock(transaction, user_id).await?.filter(User::is_open).ok_or(AuthError::UserGone)?;
    administration::check_succeeded(&realm_roles::list_admins(transaction).await?, user_id)?;
    Ok(user)
}

/// Ends every session and key of a user whose row is locked, and every key of his bots. No key comes back when the account
/// is opened again.
///
/// # Errors
/// Failures of the stores.
pub(crate) async fn end_access(
    state: &State,
    transaction: &mut PgConnection,
    user_id: UserId,
    closing: Closing,
    cause: &Cause,
) -> Result<Ended, AuthError> {
    let now = state.clock.now();
    let reason = match closing {
        Closing::Deactivation => reason::DEACTIVATED,
        Closing::Erasure => reason::ERASED,
    };
    let ended = sessions::update_all_revoked(&mut *transaction, user_id, reason, now).await?;
    let sessions = Revocation::record(state, &mut *transaction, user_id, ended, reason, cause).await?;
    let mut revocations = vec![sessions, end_all(state, transaction, user_id, reason, cause).await?];
    for bot in bots::lock_owned(transaction, user_id).await? {
        revocations.push(match closing {
            Closing::Deactivation => end_all(state, transaction, bot, reason, cause).await?,
            Closing::Erasure => take_out_of_use(state, transaction, bot, cause).await?,
        });
    }
    revocation::queue(state, transaction, deny_sessions::Ended::User(user_id, now), cause).await?;
    // Without a session it means whatever else the user is signed in with.
    let all = SessionRevoked { user_id, session_id: None, reason: reason.to_owned(), at: now.into() };
    state.emit(transaction, &all, cause).await?;
    Ok(Ended { user_id, revocations })
}

impl Ended {
    /// Puts the sessions and keys on the deny-list, and whatever else the user is signed in with.
    pub(crate) async fn announce(self, state: &State) {
        for revocation in self.revocations {
            revocation.announce(state).await;
        }
        let (now, lifetime) = (state.clock.now(), state.tokens.access() + state.leeway);
        if let Err(error) = state.revocations.revoke_user(self.user_id, now, lifetime).await {
            tracing::error!(
                user_id = %self.user_id,
                error = &error as &dyn std::error::Error,
                "the end of a user's access could not be put on the deny-list yet; a job tries again"
            );
        }
    }
}
