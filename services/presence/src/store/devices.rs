//! The devices of each user, and when each counts as gone.
//!
//! - `presence:{user}`: hash; a field per socket with its status, and `workspaces`: where the user is seen.
//! - `presence:expiry`: sorted set of `user/socket`, scored by the millisecond at which it counts as gone.
//!
//! A live socket moves its score ahead with every heartbeat, a closed one sets it to the end of the grace
//! period, and a dead node's sockets just stop moving. One sweep on any node serves all three: whoever
//! takes a member out of the sorted set settles that device.

use chrono::{DateTime, Utc};
use colink_core::id::{UserId, WorkspaceId};
use colink_store::StoreError;
use colink_store::redis::RedisClient;
use uuid::Uuid;

use crate::domain::status::{Status, aggregate};

/// How many devices one sweep settles at most.
const SWEEP_LIMIT: isize = 200;
/// A user's hash outlives his last device by this much, in seconds, should a sweep never come.
const KEEP_SECONDS: i64 = 600;

/// The devices in Redis.
#[derive(Debug, Clone)]
pub struct Devices {
    redis: RedisClient,
}

/// A user as the others see him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Over all his devices.
    pub status: Status,
    /// Where he is seen.
    pub workspaces: Vec<WorkspaceId>,
}

impl Devices {
    /// Devices kept in `redis`.
    pub fn new(redis: RedisClient) -> Self {
        Self { redis }
    }

    fn user_key(&self, user: UserId) -> String {
        self.redis.key(&["presence", &user.to_string()])
    }

    fn expiry_key(&self) -> String {
        self.redis.key(&["presence", "expiry"])
    }

    /// Sets a device's status, and answers how the user is seen before and after.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn set(
        &self,
        user: UserId,
        socket: Uuid,
        status: Status,
        expires_at: DateTime<Utc>,
    ) -> Result<(Seen, Seen), StoreError> {
        let before = self.seen(user).await?;
        let key = self.user_key(user);
        redis::pipe()
            .hset(&key, socket.to_string(), status.as_str())
            .ignore()
            .expire(&key, KEEP_SECONDS)
            .ignore()
            .zadd(self.expiry_key(), member(user, socket), expires_at.timestamp_millis())
            .ignore()
            .exec_async(&mut self.redis.connection())
            .await?;
        Ok((before, self.seen(user).await?))
    }

    /// Moves the end of a device ahead; one that was swept meanwhile stays gone until its next `set`.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn touch(
        &self,
        user: UserId,
        socket: Uuid,
        expires_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        redis::pipe()
            .cmd("ZADD")
            .arg(self.expiry_key())
            .arg("XX")
            .arg(expires_at.timestamp_millis())
            .arg(member(user, socket))
            .ignore()
            .expire(self.user_key(user), KEEP_SECONDS)
            .ignore()
            .exec_async(&mut self.redis.connection())
            .await?;
        Ok(())
    }

    /// Adds workspaces to those where a user is seen. Answers how he is seen when that made a difference.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn show_in(
        &self,
        user: UserId,
        workspaces: &[WorkspaceId],
    ) -> Result<Option<Seen>, StoreError> {
        let mut seen = self.seen(user).await?;
        let known = seen.workspaces.len();
        seen.workspaces.extend(workspaces);
        seen.workspaces.sort_unstable();
        seen.workspaces.dedup();
        if seen.workspaces.len() == known {
            return Ok(None);
        }
        let joined = seen.workspaces.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        redis::cmd("HSET")
            .arg(self.user_key(user))
            .arg("workspaces")
            .arg(joined)
            .exec_async(&mut self.redis.connection())
            .await?;
        Ok(Some(seen))
    }

    /// How others see a user now.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn seen(&self, user: UserId) -> Result<Seen, StoreError> {
        let fields: Vec<(String, String)> =
            redis::cmd("HGETALL").arg(self.user_key(user)).query_async(&mut self.redis.connection()).await?;
        let workspaces =
            fields.iter().filter(|(field, _)| field == "workspaces").flat_map(|(_, ids)| ids.split(','));
        let statuses = fields.iter().filter_map(|(_, value)| Status::parse(value));
        Ok(Seen {
            status: aggregate(statuses),
            workspaces: workspaces.filter_map(|id| id.parse().ok()).collect(),
        })
    }

    /// Takes the devices out whose time is over. Each is answered to exactly one caller in the fleet, with
    /// how its user is seen afterwards.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<Vec<(UserId, Seen)>, StoreError> {
        let mut connection = self.redis.connection();
        let due: Vec<String> = redis::cmd("ZRANGEBYSCORE")
            .arg(self.expiry_key())
            .arg("-inf")
            .arg(now.timestamp_millis())
            .arg("LIMIT")
            .arg(0)
            .arg(SWEEP_LIMIT)
            .query_async(&mut connection)
            .await?;
        let mut settled = Vec::new();
        for due in due {
            let taken: i64 =
                redis::cmd("ZREM").arg(self.expiry_key()).arg(&due).query_async(&mut connection).await?;
            let Some((user, socket)) = parse_member(&due).filter(|_| taken == 1) else { continue };
            redis::cmd("HDEL")
                .arg(self.user_key(user))
                .arg(socket.to_string())
                .exec_async(&mut connection)
                .await?;
            settled.push((user, self.seen(user).await?));
        }
        Ok(settled)
    }
}

fn member(user: UserId, socket: Uuid) -> String {
    format!("{user}/{socket}")
}

fn parse_member(member: &str) -> Option<(UserId, Uuid)> {
    let (user, socket) = member.split_once('/')?;
    Some((user.parse().ok()?, socket.parse().ok()?))
}
