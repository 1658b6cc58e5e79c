//! [`RevocationList`]: sessions that ended before their tokens do.
//!
//! Redis holds, for as long as a token may still live: `revoked:session:{session id}`, and
//! `revoked:user:{user id}` with a moment in milliseconds: every session of the user that began until then has
//! ended. (A session's id is a UUIDv7, so its beginning is known to the millisecond; sessions that begin
//! afterwards are good.) Each process remembers an answer for one second, so an end reaches everyone within
//! that second. While Redis is away, sessions pass and are counted: better one minute of a stolen session than
//! everybody signed out.
//!
//! The look at the list also leaves a note, `seen:session:{session id}`, at most once a minute for each session and
//! process: so a session's owner is told when it was last used, and no request pays for it.

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
/// How often a process notes that a session is in use.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// How long a note is kept; afterwards the session's last refresh has to do.
const NOTE_LIFETIME: Duration = Duration::from_secs(86_400);

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
    noted_at: Option<Instant>,
}

impl Seen {
    fn is_to_be_noted(self) -> bool {
        !self.revoked && self.noted_at.is_none_or(|noted_at| noted_at.elapsed() >= NOTED_EVERY)
    }
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
        self.0.seen.insert(session, Seen { revoked: true, at: Instant::now(), noted_at: None });
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
        self.ask(claims, None).await
    }

    /// The same for a session that is in use at `now`, which is noted.
    pub async fn observe(&self, claims: &Claims, now: DateTime<Utc>) -> bool {
        self.ask(claims, Some(now)).await
    }

    /// When each session was last seen in use, as far as that was noted within a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_seen(&self, sessions: &[SessionId]) -> Result<Vec<Option<DateTime<Utc>>>, StoreError> {
        if sessions.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = redis::pipe();
        for session in sessions {
            all.get(self.seen_key(*session));
        }
        let found: Vec<Option<i64>> = all.query_async(&mut self.0.redis.connection()).await?;
        Ok(found.into_iter().map(|at| at.and_then(DateTime::from_timestamp_millis)).collect())
    }

    async fn ask(&self, claims: &Claims, now: Option<DateTime<Utc>>) -> bool {
        let seen = self.0.seen.get(&claims.sid);
        let note = now.filter(|_| seen.is_none_or(|seen| seen.is_to_be_noted()));
        if let Some(seen) = seen.filter(|seen| note.is_none() && seen.at.elapsed() < REMEMBERED) {
            return seen.revoked;
        }
        if self.is_away() {
            self.0.unchecked.inc();
            return false;
        }
        match self.look_up(claims, note).await {
            Ok(revoked) => {
                let at = Instant::now();
                let noted_at = note.map(|_| at).or(seen.and_then(|seen| seen.noted_at));
                self.0.seen.insert(claims.sid, Seen { revoked, at, noted_at });
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

    async fn look_up(&self, claims: &Claims, note: Option<DateTime<Utc>>) -> Result<bool, StoreError> {
        // Two keys, not one command: in a cluster they may be on two nodes.
        let mut both = redis::pipe();
        both.get(self.session_key(claims.sid)).get(self.user_key(claims.sub));
        if let Some(now) = note {
            let (key, seconds) = (self.seen_key(claims.sid), NOTE_LIFETIME.as_secs());
            both.cmd("SET").arg(key).arg(now.timestamp_millis()).arg("EX").arg(seconds).ignore();
        }
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

    fn seen_key(&self, session: SessionId) -> String {
        self.0.redis.key(&["seen", "session", &session.to_string()])
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
