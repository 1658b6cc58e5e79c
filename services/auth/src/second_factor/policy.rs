//! Who must have a second factor: the bearers of some realm roles. What an administrator stored goes before what
//! the configuration says.
//!
//! Whoever must have one and has none when his grace period is over gets sessions that are good for enrolling one and
//! for nothing else: their access tokens say `mfa_enrolment`, which `colink_auth::Caller` refuses everywhere. So do those of
//! his API keys and of his bots', which are good for nothing until he has one.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{MULTIPLE, methods};
use crate::error::AuthError;
use crate::state::State;
use crate::store::mfa_policy::{self, StoredPolicy};
use crate::store::users::User;

/// The policy that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Whose bearers must have a second factor.
    pub(crate) required_for_realm_roles: Vec<String>,
    /// How long they have to enrol one.
    pub(crate) grace_hours: u32,
    /// When it was tightened last; none for that of the configuration.
    pub(crate) effective_at: Option<DateTime<Utc>>,
}

impl Policy {
    /// Reads it.
    ///
    /// # Errors
    /// Failures of the store.
    pub(crate) async fn current(state: &State, executor: impl PgExecutor<'_>) -> Result<Self, AuthError> {
        let stored = mfa_policy::lookup(executor).await?;
        Ok(stored.map_or_else(|| Self::configured(state), Self::of))
    }

    fn configured(state: &State) -> Self {
        Self {
            required_for_realm_roles: state.mfa.required_for_realm_roles.clone(),
            grace_hours: state.mfa.grace_hours,
            effective_at: None,
        }
    }

    /// The stored one.
    pub(crate) fn of(stored: StoredPolicy) -> Self {
        Self {
            required_for_realm_roles: stored.required_for_realm_roles,
            grace_hours: stored.grace_hours.unsigned_abs(),
            effective_at: Some(stored.effective_at),
        }
    }

    /// The moment from which on somebody must have a second factor; `None` when he need not. The grace period begins
    /// when the policy was tightened or the account made, whichever is later.
    pub(crate) fn required_from(
        &self,
        realm_roles: &[String],
        created_at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let bound = realm_roles.iter().any(|role| self.required_for_realm_roles.contains(role));
        let begins = self.effective_at.map_or(created_at, |at| at.max(created_at));
        bound.then(|| begins + TimeDelta::hours(self.grace_hours.into()))
    }
}

/// Whether a session of the user is good for nothing but enrolling a second factor.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn restricts(
    state: &State,
    connection: &mut PgConnection,
    user: &User,
    amr: &[String],
    now: DateTime<Utc>,
) -> Result<bool, AuthError> {
    let policy = Policy::current(state, &mut *connection).await?;
    match policy.required_from(&user.realm_roles, user.created_at) {
        Some(from) if from <= now => {
            let proven = amr.iter().any(|word| word == MULTIPLE);
            Ok(!proven || methods(connection, user.id()).await?.is_empty())
        }
        _ => Ok(false),
    }
}

/// Whether somebody must have a second factor by now.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn is_due(
    state: &State,
    executor: impl PgExecutor<'_>,
    realm_roles: &[String],
    created_at: DateTime<Utc>,
) -> Result<bool, AuthError> {
    let policy = Policy::current(state, executor).await?;
    Ok(policy.required_from(realm_roles, created_at).is_some_and(|from| from <= state.clock.now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    /// the grace period begins with the later of policy and account.
    #[test]
    fn a_policy_binds_after_its_grace_period() {
        let policy = |effective_at| Policy {
            required_for_realm_roles: vec!["admin".to_owned()],
            grace_hours: 24,
            effective_at,
        };
        let (user, admin) = (["user".to_owned()], ["user".to_owned(), "admin".to_owned()]);
        assert_eq!(policy(Some(at(0))).required_from(&user, at(0)), None);
        assert_eq!(policy(Some(at(5))).required_from(&admin, at(0)), Some(at(29)));
        assert_eq!(policy(Some(at(5))).required_from(&admin, at(9)), Some(at(33)));
        assert_eq!(policy(None).required_from(&admin, at(9)), Some(at(33)));
    }
}
