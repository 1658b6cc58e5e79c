//! `[mfa]`: second factors.

use std::time::Duration;

use colink_runtime::Problem;
use serde::Deserialize;

/// Longest time that codes stay closed after failures.
const LONGEST_LOCK: Duration = Duration::from_secs(86_400);

/// `[mfa]`: second factors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfaConfig {
    /// What authenticator apps call this installation.
    pub issuer: String,
    /// Time for the second factor of a sign-in, in minutes.
    pub ticket_minutes: u32,
    /// Wrong codes that end a sign-in.
    pub ticket_failures: u32,
    /// Time for the first code of a new authenticator, in minutes.
    pub setup_minutes: u32,
    /// Wrong codes in a row, over all sign-ins of a user, that close codes for a while.
    pub lockout_failures: u32,
    /// For how long at first, in minutes.
    pub lockout_minutes: u32,
    /// Realm roles whose bearers must have a second factor, until an administrator decides otherwise.
    pub required_for_realm_roles: Vec<String>,
    /// How long they have to enrol one, in hours.
    pub grace_hours: u32,
}

impl MfaConfig {
    /// Time for the second factor of a sign-in.
    pub(crate) fn ticket(&self) -> Duration {
        Duration::from_secs(u64::from(self.ticket_minutes) * 60)
    }

    /// Time for the first code of a new authenticator.
    pub(crate) fn setup(&self) -> Duration {
        Duration::from_secs(u64::from(self.setup_minutes) * 60)
    }

    /// How long codes are closed after this many failures in a row, if this one closes them: at first
    /// `lockout_minutes`, each further time twice as long, at most a day.
    pub(crate) fn lock_after(&self, failures: u32) -> Option<Duration> {
        let times = failures.checked_div(self.lockout_failures)?;
        if times == 0 || !failures.is_multiple_of(self.lockout_failures) {
            return None;
        }
        let first = Duration::from_secs(u64::from(self.lockout_minutes) * 60);
        Some(first.saturating_mul(1 << (times - 1).min(16)).min(LONGEST_LOCK))
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let asked = [
            (!self.issuer.is_empty() && !self.issuer.contains(':'), "mfa.issuer", "is empty or has a colon"),
            (self.ticket_minutes > 0, "mfa.ticket_minutes", "needs at least 1"),
            (self.ticket_failures > 0, "mfa.ticket_failures", "needs at least 1"),
            (self.setup_minutes > 0, "mfa.setup_minutes", "needs at least 1"),
            (self.lockout_failures > 0, "mfa.lockout_failures", "needs at least 1"),
            (self.lockout_minutes > 0, "mfa.lockout_minutes", "needs at least 1"),
        ];
        asked
            .into_iter()
            .filter(|(holds, ..)| !holds)
            .map(|(_, key, problem)| Problem::new(key, problem))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// every tenth failure in a row closes codes, each time for twice as long.
    #[test]
    fn locks_grow() {
        let config = MfaConfig {
            issuer: "CoLink".to_owned(),
            ticket_minutes: 5,
            ticket_failures: 5,
            setup_minutes: 15,
            lockout_failures: 10,
            lockout_minutes: 15,
            required_for_realm_roles: Vec::new(),
            grace_hours: 0,
        };
        let minutes = |failures| config.lock_after(failures).map(|lasts| lasts.as_secs() / 60);
        assert_eq!([minutes(0), minutes(9), minutes(11)], [None; 3]);
        assert_eq!([minutes(10), minutes(20), minutes(30)], [Some(15), Some(30), Some(60)]);
        assert_eq!([minutes(100), minutes(1_000_000)], [Some(1440); 2]);
    }
}
