//! What a challenge stands for, from the call that makes it to the one that answers it.
//!
//! Kept in Redis, never at the client. Whoever takes a ceremony ends it, whatever comes of his answer: of several
//! answers sent at once one is looked at, and a refused one cannot be tried again. A ceremony belongs to its purpose and
//! to whoever began it, both of which are its key; an answer to another challenge finds nothing, or fails.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::id::SessionId;
use colink_store::redis::RedisClient;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::opaque_token::TokenHash;
use crate::error::AuthError;

/// How long somebody has for the dialog of the browser.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// What is being done, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The user of this session registers a passkey.
    Registration(SessionId),
    /// Somebody signs in; the hash is that of the ceremony's id.
    SignIn(TokenHash),
    /// The second factor of the sign-in with this ticket.
    SecondFactor(TokenHash),
    /// The user of this session proves again who he is.
    Reauthentication(SessionId),
    /// The same with his password besides.
    SecondProof(SessionId),
}

/// The open ceremonies. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Ceremonies {
    redis: RedisClient,
}

#[derive(Serialize, Deserialize)]
struct Open<S> {
    expires_at: DateTime<Utc>,
    state: S,
}

impl Purpose {
    fn parts(self) -> (&'static str, String) {
        match self {
            Self::Registration(session) => ("registration", session.to_string()),
            Self::SignIn(id) => ("sign-in", hex::encode(id.as_bytes())),
            Self::SecondFactor(ticket) => ("second-factor", hex::encode(ticket.as_bytes())),
            Self::Reauthentication(session) => ("reauthentication", session.to_string()),
            Self::SecondProof(session) => ("second-proof", session.to_string()),
        }
    }
}

impl Ceremonies {
    pub(crate) fn new(redis: RedisClient) -> Self {
        Self { redis }
    }

    /// Keeps a ceremony; an earlier one of the same purpose and beginner ends.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn insert<S: Serialize>(
        &self,
        purpose: Purpose,
        state: S,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let open = Open { expires_at: now + LIFETIME, state };
        let text = serde_json::to_string(&open).map_err(AuthError::crypto)?;
        let mut set = redis::cmd("SET");
        set.arg(self.key(purpose)).arg(text).arg("EX").arg(LIFETIME.as_secs());
        set.exec_async(&mut self.redis.connection()).await?;
        Ok(())
    }

    /// Ends a ceremony; `None` when there is none, or its time has passed.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn take<S: DeserializeOwned>(
        &self,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> Result<Option<S>, AuthError> {
        let mut take = redis::cmd("GETDEL");
        let text: Option<String> =
            take.arg(self.key(purpose)).query_async(&mut self.redis.connection()).await?;
        // What another build wrote and this one cannot read has ended too: it is begun anew.
        let open: Option<Open<S>> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(open.filter(|open| open.expires_at > now).map(|open| open.state))
    }

    fn key(&self, purpose: Purpose) -> String {
        let (name, holder) = purpose.parts();
        self.redis.key(&["passkey-ceremony", name, &holder])
    }
}
