//! The list of topics: one stream for everything whose order matters, its dead letters, and the mirrors
//! for outside consumers. The command that creates topics reads it.

use std::fmt;

use crate::registry::mirrored_types;

/// Partitions of every topic. Fixed once live: the partition of a key depends on it.
pub const PARTITIONS: i32 = 12;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const STREAM_RETENTION_MS: i64 = 7 * DAY_MS;
/// Parked events wait for a human, so they are kept longer than the streams.
const DEAD_LETTER_RETENTION_MS: i64 = 30 * DAY_MS;

/// A stream of events in order per key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Messages, reactions, threads and pins; key: channel.
    Messages,
    /// Workspaces, channels and their members; key: workspace or channel.
    Channels,
    /// Accounts, sessions and their security; key: user.
    Users,
    /// Files; key: file.
    Files,
    /// Moderation; key: the target.
    Moderation,
}

impl Topic {
    /// Every stream.
    pub const ALL: [Self; 5] = [Self::Messages, Self::Channels, Self::Users, Self::Files, Self::Moderation];

    /// The stream's name, without an installation's prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "colink.messages",
            Self::Channels => "colink.channels",
            Self::Users => "colink.users",
            Self::Files => "colink.files",
            Self::Moderation => "colink.moderation",
        }
    }

    /// The name of the topic that consumers park this stream's events in.
    pub fn dlq(self) -> String {
        format!("{}.dlq", self.name())
    }

    /// How long its events are kept, in milliseconds.
    pub const fn retention_ms(self) -> i64 {
        STREAM_RETENTION_MS
    }

    /// The stream of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a topic is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopicRole {
    /// The stream itself.
    Stream(Topic),
    /// What consumers parked of the stream.
    DeadLetters(Topic),
    /// Copies of the events of one type; nothing inside reads it.
    Mirror(&'static str),
}

/// A topic as it must exist at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// The name, with the installation's prefix.
    pub name: String,
    /// What it is there for.
    pub role: TopicRole,
    /// Number of partitions.
    pub partitions: i32,
    /// How long events are kept, in milliseconds.
    pub retention_ms: i64,
}

/// Every topic of an installation: the streams, then their dead letters, then the mirrors. The prefix
/// stands before each name as it is; it is empty but where several installations share a broker.
pub fn all_topics(prefix: &str) -> Vec<TopicSpec> {
    let spec = |name: &str, role, retention_ms| TopicSpec {
        name: format!("{prefix}{name}"),
        role,
        partitions: PARTITIONS,
        retention_ms,
    };
    let streams = Topic::ALL.into_iter().map(|t| spec(t.name(), TopicRole::Stream(t), t.retention_ms()));
    let parked =
        Topic::ALL.into_iter().map(|t| spec(&t.dlq(), TopicRole::DeadLetters(t), DEAD_LETTER_RETENTION_MS));
    let mirrors = mirrored_types().map(|kind| spec(kind, TopicRole::Mirror(kind), STREAM_RETENTION_MS));
    streams.chain(parked).chain(mirrors).collect()
}
