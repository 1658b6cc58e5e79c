//! Ending sessions before their time.
//!
//! Three steps, in this order: the rows are changed, the events recorded and the job queued in one transaction; after its
//! commit the sessions go on the deny-list in Redis, which ends access by tokens; the events close sockets. The database
//! decides: when Redis is away, or this process dies before it was told, the job tells it (`jobs/deny_sessions.rs`).

use std::collections::HashMap;

use colink_bus::outbox;
use colink_core::id::{SessionId, UserId};
use colink_events::Cause;
use colink_events::users::SessionRevoked;
use colink_jobs::Enqueue;
use sqlx::PgConnection;

use crate::error::AuthError;
use crate::jobs::deny_sessions::{DenySessions, Ended};
use crate::ledger::Ledger;
use crate::state::State;

/// Why a session ends; the word in events, rows and metrics.
pub(crate) mod reason {
    /// The user signed out.
    pub(crate) const LOGOUT: &str = "logout";
    /// The user ended it from a list of his sessions.
    pub(crate) const BY_USER: &str = "revoked_by_user";
    /// It was the oldest of too many.
    pub(crate) const SESSION_LIMIT: &str = "session_limit";
    /// The API key's secret was replaced, and is not to go on.
    pub(crate) const API_KEY_ROTATED: &str = "api_key_rotated";
    /// The time of the API key's secret has passed.
    pub(crate) const API_KEY_EXPIRED: &str = "api_key_expired";
    /// It was not gone on with in time.
    pub(crate) const SESSION_EXPIRED: &str = "session_expired";
    /// The bot was taken out of use.
    pub(crate) const BOT_DELETED: &str = "bot_deleted";
    /// A second factor came or went in another session.
    pub(crate) const MFA_CHANGED: &str = "mfa_changed";
    /// An administrator took the second factors away.
    pub(crate) const MFA_RESET: &str = "mfa_reset";
    /// The user registered a passkey in another session.
    pub(crate) const PASSKEY_ADDED: &str = "passkey_added";
    /// The user removed a passkey in another session.
    pub(crate) const PASSKEY_REMOVED: &str = "passkey_removed";
    /// The password was changed.
    pub(crate) const PASSWORD_CHANGED: &str = "password_changed";
    /// A provider was linked to the account in another session.
    pub(crate) const PROVIDER_LINKED: &str = "provider_linked";
    /// A provider was unlinked from the account in another session.
    pub(crate) const PROVIDER_UNLINKED: &str = "provider_unlinked";
    /// An administrator changed the realm roles.
    pub(crate) const ROLES_CHANGED: &str = "roles_changed";
    /// Somebody signed in with the browser that had it.
    pub(crate) const REPLACED: &str = "replaced";
    /// One of its refresh tokens was used twice.
    pub(crate) const TOKEN_REUSED: &str = "token_reused";
    /// Its owner closed the account.
    pub(crate) const DEACTIVATED: &str = "account_deactivated";
    /// Its owner erased the account.
    pub(crate) const ERASED: &str = "account_erased";
}

/// Sessions of one user that were ended in a transaction and are to be announced after it.
#[derive(Debug)]
#[must_use = "announce it after the commit"]
pub(crate) struct Revocation {
    user_id: UserId,
    sessions: Vec<SessionId>,
    reason: &'static str,
}

impl Revocation {
    /// Records the events of sessions whose rows were just changed, and that the deny-list is to know of them.
    ///
    /// # Errors
    /// [`AuthError::Outbox`], [`AuthError::Jobs`].
    pub(crate) async fn record(
        ledger: &impl Ledger,
        transaction: &mut PgConnection,
        user_id: UserId,
        sessions: Vec<SessionId>,
        reason: &'static str,
        cause: &Cause,
    ) -> Result<Self, AuthError> {
        for session_id in &sessions {
            let event = SessionRevoked {
                user_id,
                session_id: Some(*session_id),
                reason: reason.to_owned(),
                at: ledger.clock().timestamp(),
            };
            outbox::enqueue(transaction, &event, cause, ledger.clock()).await?;
        }
        if !sessions.is_empty() {
            queue(ledger, transaction, Ended::Sessions(sessions.clone()), cause).await?;
        }
        Ok(Self { user_id, sessions, reason })
    }

    /// [`record`](Self::record) for sessions of several users.
    ///
    /// # Errors
    /// [`AuthError::Outbox`], [`AuthError::Jobs`].
    pub(crate) async fn record_each(
        ledger: &impl Ledger,
        transaction: &mut PgConnection,
        sessions: Vec<(UserId, SessionId)>,
        reason: &'static str,
        cause: &Cause,
    ) -> Result<Vec<Self>, AuthError> {
        let mut of: HashMap<UserId, Vec<SessionId>> = HashMap::new();
        for (user_id, session_id) in sessions {
            of.entry(user_id).or_default().push(session_id);
        }
        let mut recorded = Vec::with_capacity(of.len());
        for (user_id, sessions) in of {
            recorded.push(Self::record(ledger, transaction, user_id, sessions, reason, cause).await?);
        }
        Ok(recorded)
    }

    /// Puts the sessions on the deny-list. What fails here is left to the job.
    pub(crate) async fn announce(self, state: &State) {
        let lifetime = state.access_outlives();
        for session_id in self.sessions {
            state.metrics.revoked(self.reason, self.user_id, session_id);
            if let Err(error) = state.revocations.revoke_session(session_id, lifetime).await {
                state.metrics.deny_list_failed(session_id, &error);
            }
        }
    }
}

/// Records in the transaction of an end that the deny-list is to know of it.
///
/// # Errors
/// [`AuthError::Jobs`].
pub(crate) async fn queue(
    ledger: &impl Ledger,
    transaction: &mut PgConnection,
    ended: Ended,
    cause: &Cause,
) -> Result<(), AuthError> {
    let job = DenySessions { ended, until: ledger.clock().now() + ledger.access_outlives() };
    let options = Enqueue::now().context(cause.clone());
    colink_jobs::enqueue(transaction, &job, options, ledger.clock()).await?;
    Ok(())
}
