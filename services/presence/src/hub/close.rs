//! How sockets end, and the reasons for which the server closes one.

/// Why the server closes a socket, with the codes of `docs/REALTIME.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The token is missing, invalid or expired.
    Unauthorized,
    /// A frame that is not of the protocol.
    Malformed,
    /// The session was revoked or the account suspended.
    Revoked,
    /// The token may not be used for sockets.
    ScopeMissing,
    /// Too many frames.
    RateExceeded,
    /// No sign of life.
    HeartbeatMissed,
    /// The queue ran over.
    TooSlow,
    /// The node goes down.
    Draining,
    /// The node has as many sockets as it may.
    Overloaded,
}

impl Close {
    /// The close code.
    pub fn code(self) -> u16 {
        match self {
            Self::Unauthorized => 4001,
            Self::Malformed => 4002,
            Self::Revoked => 4003,
            Self::ScopeMissing => 4004,
            Self::RateExceeded => 4008,
            Self::HeartbeatMissed => 4009,
            Self::TooSlow => 4010,
            Self::Draining => 4011,
            Self::Overloaded => 1013,
        }
    }

    /// What the client is to do, in the close frame's reason; `jitter_ms` spreads the return of many clients.
    pub fn reason(self, jitter_ms: u64) -> String {
        match self {
            Self::Unauthorized => "get a new token, then reconnect".to_owned(),
            Self::Malformed => "malformed frame".to_owned(),
            Self::Revoked => "sign in again".to_owned(),
            Self::ScopeMissing => "missing scope messages:read".to_owned(),
            Self::RateExceeded => "retry_after=10".to_owned(),
            Self::HeartbeatMissed | Self::TooSlow => "reconnect and resume".to_owned(),
            Self::Draining => format!("reconnect_in_ms={jitter_ms}"),
            Self::Overloaded => format!("retry_in_ms={jitter_ms}"),
        }
    }

    /// The name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::Malformed => "malformed",
            Self::Revoked => "revoked",
            Self::ScopeMissing => "scope_missing",
            Self::RateExceeded => "rate_exceeded",
            Self::HeartbeatMissed => "heartbeat_missed",
            Self::TooSlow => "too_slow",
            Self::Draining => "draining",
            Self::Overloaded => "overloaded",
        }
    }
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server closed it.
    ByServer(Close),
    /// The client closed it.
    ByClient,
    /// The connection broke.
    Lost,
}

impl End {
    /// The name in metrics: of a fixed few, whatever code a client gives.
    pub fn name(self) -> &'static str {
        match self {
            Self::ByServer(why) => why.name(),
            Self::ByClient => "client",
            Self::Lost => "lost",
        }
    }
}

impl From<Close> for End {
    fn from(why: Close) -> Self {
        Self::ByServer(why)
    }
}
