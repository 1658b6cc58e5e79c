//! [`RevocationList`]: sessions that ended before their tokens do.
//!
//! Redis holds, for as long as a token may still live: `revoked:session:{session id}`, and
//! `revoked:user:{user id}` with a moment in milliseconds: every session of the user that began until then has
//! ended. (A session's id is a UUIDv7, so its beginning is known to the millisecond; sessions that begin
//! afterwards are good.) Each process remembers an answer for one second, so an end reaches everyone within
//! that second. While Redis is away, sessions pass and are counted: better one minute of a stolen session than
//! everybody signed out.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use colink_core::id::{SessionId, UserId};
use colink_store::StoreError;
use colink_store::redis::RedisClient;
use colink_telemetry::Metrics;
use colink_telemetry::metrics::IntCounter;

use crate::cache::Cache;
use crate::claims::Claims;
use crate::config::AuthError;

/// How long an answer is remembered, and how long Redis is left alone after a failure.
const REMEMBERED: Duration = Duration::from_secs(1);
const REMEMBERED_SESSIONS: usize = 20_000;

/// The list of ended sessions. Cheap to clone.
#[derive(Clone)]
pub struct RevocationList(Arc<Inner>);

struct Inner {
    redis: RedisClient,
    seen: Cache<SessionId, Seen>,
    away_until: Mutex<Option<Instant>>,
    unchecked: IntCounter,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    revoked: bool,
    at: Instant,
}

impl RevocationList {
    /// The list in `redis`, with the metric `auth_revocation_unchecked_total`.
    ///
    /// # Errors
    /// [`AuthError::Metrics`] when the metric exists in another form.
    pub fn new(redis: RedisClient, metrics: &Metrics) -> Result<Self, AuthError> {
        let help = "Tokens that passed without a look at the revocation list, because Redis was away.";
        let unchecked = metrics.counter("auth_revocation_unchecked_total", help)?;
        let seen = Cache::new(REMEMBERED_SESSIONS);
        Ok(Self(Arc::new(Inner { redis, seen, away_until: Mutex::new(None), unchecked })))
    }

    /// Ends one session. `lifetime` is what an access token may still live.
    ///
    /// # Errors
    /// [`StoreError`]; the session may not be on the list.
    pub async fn revoke_session(&self, session: SessionId, lifetime: Duration) -> Result<(), StoreError> {
        self.put(&self.session_key(session), 1, lifetime).await?;
        self.0.seen.insert(session, Seen { revoked: true, at: Instant::now() });
        Ok(())
    }

    /// Ends every session of the user that began until `not_before`. `lifetime` is what an access token may
    /// still live.
    ///
    /// # Errors
    /// [`StoreError`]; the user may not be on the list.
    pub async fn revoke_user(
        &self,
        user: UserId,
        not_before: DateTime<Utc>,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        self.put(&self.user_key(user), not_before.timestamp_millis(), lifetime).await?;
        // Which sessions are his is not known here; forgetting all costs one look each.
        self.0.seen.clear();
        Ok(())
    }

    /// Whether the token's session has ended; `false` while Redis is away.
    pub async fn is_revoked(&self, claims: &Claims) -> bool {
        if let Some(seen) = self.0.seen.get(&claims.sid).filter(|seen| seen.at.elapsed() < REMEMBERED) {
            return seen.revoked;
        }
        if self.is_away() {
            self.0.unchecked.inc();
            return false;
        }
        match self.look_up(claims).await {
            Ok(revoked) => {
                self.0.seen.insert(claims.sid, Seen { revoked, at: Instant::now() });
                revoked
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the revocation list cannot be asked; sessions pass");
                self.0.unchecked.inc();
                self.leave_alone();
                false
            }
        }
    }

    async fn look_up(&self, claims: &Claims) -> Result<bool, StoreError> {
        // Two keys, not one command: in a cluster they may be on two nodes.
        let mut both = redis::pipe();
        both.get(self.session_key(claims.sid)).get(self.user_key(claims.sub));
        let found = both.query_async(&mut self.0.redis.connection()).await?;
        let (session, not_before): (Option<i64>, Option<i64>) = found;
        let ended = |not_before| claims.session_began_ms() <= not_before;
        Ok(session.is_some() || not_before.is_some_and(ended))
    }

    async fn put(&self, key: &str, value: i64, lifetime: Duration) -> Result<(), StoreError> {
        let seconds = lifetime.as_secs().saturating_add(1);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(value).arg("EX").arg(seconds);
        set.exec_async(&mut self.0.redis.connection()).await.map_err(StoreError::from)
    }

    fn session_key(&self, session: SessionId) -> String {
        self.0.redis.key(&["revoked", "session", &session.to_string()])
    }

    fn user_key(&self, user: UserId) -> String {
        self.0.redis.key(&["revoked", "user", &user.to_string()])
    }

    fn is_away(&self) -> bool {
        let until = *self.0.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn leave_alone(&self) {
        let until = Instant::now() + REMEMBERED;
        *self.0.away_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList").field("redis", &self.0.redis).finish_non_exhaustive()
    }
}
