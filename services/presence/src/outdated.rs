//! Access tokens that say more than their session may do: those from before it was downgraded. Calls with them are over when
//! they are, in a quarter of an hour, but a socket lives on with what its token said.

use std::time::Duration;

use colink_auth::Claims;
use colink_core::id::SessionId;
use colink_core::time::Timestamp;
use moka::sync::Cache;

/// For as long as a token may be around; auth gives them 15 minutes unless it is configured otherwise.
const KEPT: Duration = Duration::from_secs(6 * 3600);
/// Sessions remembered.
const CAPACITY: u64 = 50_000;

/// Sessions that were downgraded of late, and when, in seconds.
#[derive(Debug, Clone)]
pub struct Outdated(Cache<SessionId, i64>);

impl Default for Outdated {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(KEPT).build())
    }
}

impl Outdated {
    /// From this moment on tokens of the session that were issued before are outdated.
    pub fn note(&self, session: SessionId, at: Timestamp) {
        self.0.insert(session, at.as_millis().div_euclid(1000));
    }

    /// Whether a token is one of those. One of the very second is not: it may be the one that the client was given instead.
    pub fn has(&self, claims: &Claims) -> bool {
        self.0.get(&claims.sid).is_some_and(|at| claims.iat < at)
    }
}
