//! Passing notices between nodes, over Redis pub/sub: typing, presence, a user's own reads.
//!
//! Loss is harmless: whoever misses one sees the next. While Redis is away a node still tells its own
//! sockets.

use colink_core::id::{ChannelId, MessageId, UserId, WorkspaceId};
use colink_store::StoreError;
use colink_store::redis::RedisClient;
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::status::Status;

/// A notice from one node to all, itself included.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A user is writing.
    Typing {
        /// Where.
        channel_id: ChannelId,
        /// In which thread.
        thread_id: Option<MessageId>,
        /// Who.
        user_id: UserId,
        /// His name.
        username: String,
    },
    /// A user is seen differently.
    Presence {
        /// Who.
        user_id: UserId,
        /// How.
        status: Status,
        /// By whom.
        workspaces: Vec<WorkspaceId>,
    },
    /// A user read on one device; his others follow.
    Read {
        /// Who.
        user_id: UserId,
        /// The socket that said so.
        socket_id: Uuid,
        /// Where.
        channel_id: ChannelId,
        /// Up to where.
        seq: i64,
    },
}

/// The channel that all nodes listen to.
#[derive(Debug, Clone)]
pub struct Ephemera {
    redis: RedisClient,
    topic: String,
}

impl Ephemera {
    /// Notices over `redis`.
    pub fn new(redis: RedisClient) -> Self {
        let topic = redis.key(&["presence", "notices"]);
        Self { redis, topic }
    }

    /// Tells every node, in one round trip.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn publish(&self, notices: &[Notice]) -> Result<(), StoreError> {
        let mut pipe = redis::pipe();
        for text in notices.iter().filter_map(|notice| serde_json::to_string(notice).ok()) {
            pipe.publish(&self.topic, text).ignore();
        }
        if !pipe.is_empty() {
            pipe.exec_async(&mut self.redis.connection()).await?;
        }
        Ok(())
    }

    /// Listens until the connection breaks.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn listen(&self) -> Result<impl Stream<Item = Notice> + use<>, StoreError> {
        let mut subscriber = self.redis.subscriber().await?;
        subscriber.subscribe(&self.topic).await?;
        Ok(subscriber.into_on_message().filter_map(async |message| {
            let text: String = message.get_payload().ok()?;
            serde_json::from_str(&text).ok()
        }))
    }
}
