//! What the use of a refresh token means (RFC 9700, 4.14.2: rotation with detection of reuse).
//!
//! A token is used once. A second use later than the grace period means that two parties hold it, and the
//! session ends. Within the grace period it is one client that asked twice (two tabs, a lost answer): it gets
//! a sibling, so nothing but hashes needs to be kept. A client that calls itself by another name than whoever used the token
//! is another one, and gets no grace.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// What is known of a token and its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// When the token was first used.
    pub(crate) used_at: Option<DateTime<Utc>>,
    /// When the token ends.
    pub(crate) expires_at: DateTime<Utc>,
    /// Whether the session was ended.
    pub(crate) revoked: bool,
    /// Whether the client calls itself (`User-Agent`) as whoever went on with the session last.
    pub(crate) same_client: bool,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The first use: mark it, give a successor.
    First,
    /// Asked twice: give a sibling of the successor.
    Repeated,
    /// Theft: end the session.
    Reused,
    /// Too late.
    Expired,
    /// The session is over.
    Dead,
}

/// Judges a use at `now`.
pub(crate) fn judge(facts: Facts, now: DateTime<Utc>, grace: Duration) -> Use {
    match facts.used_at {
        _ if facts.revoked => Use::Dead,
        // Also after its time: a thief who waits is a thief.
        Some(used_at) if now > used_at + grace || !facts.same_client => Use::Reused,
        _ if facts.expires_at <= now => Use::Expired,
        Some(_) => Use::Repeated,
        None => Use::First,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn used(used_at: Option<i64>, now: i64) -> Use {
        let facts =
            Facts { used_at: used_at.map(at), expires_at: at(1000), revoked: false, same_client: true };
        judge(facts, at(now), GRACE)
    }

    /// one use, ten seconds of grace, then theft.
    #[test]
    fn a_second_use_is_theft_after_the_grace_period() {
        assert_eq!(used(None, 500), Use::First);
        assert_eq!(used(Some(500), 500), Use::Repeated);
        assert_eq!(used(Some(500), 510), Use::Repeated);
        assert_eq!(used(Some(500), 511), Use::Reused);
        assert_eq!(used(Some(500), 5000), Use::Reused);
    }

    /// the grace is for one client that asks twice.
    #[test]
    fn another_client_has_no_grace() {
        let facts = |used_at: Option<i64>| Facts {
            used_at: used_at.map(at),
            expires_at: at(1000),
            revoked: false,
            same_client: false,
        };
        assert_eq!(judge(facts(Some(500)), at(500), GRACE), Use::Reused);
        assert_eq!(judge(facts(None), at(500), GRACE), Use::First, "clients are updated");
    }

    #[test]
    fn an_old_token_and_an_ended_session_are_told_apart() {
        assert_eq!(used(None, 999), Use::First);
        assert_eq!(used(None, 1000), Use::Expired);
        let revoked = Facts { used_at: Some(at(1)), expires_at: at(1000), revoked: true, same_client: true };
        assert_eq!(judge(revoked, at(900), GRACE), Use::Dead);
    }
}
