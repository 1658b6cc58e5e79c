//! The devices of each user, and when each counts as gone.
//!
//! - `presence:{user}`: hash; a field per socket with its status, and a field `in:{workspace}` per workspace where the
//!   user is seen. Fields come and go one by one, so nodes do not overwrite what others wrote.
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

/// How many devices one pass of a sweep settles at most: its commands go out together and hold Redis up for a moment.
const PASS_LIMIT: usize = 200;
/// A user's hash outlives his last device by this much, in seconds, should a sweep never come.
const KEEP_SECONDS: i64 = 600;

/// Begins the name of a field that says where the user is seen.
const SEEN_IN: &str = "in:";

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

/// What one pass of a sweep did.
#[derive(Debug)]
pub struct Swept {
    /// The users whose devices were taken out, each once, with how they are seen now.
    pub users: Vec<(UserId, Seen)>,
    /// There may be more.
    pub was_full: bool,
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

    /// Moves the end of a device ahead, and answers its status as it is kept here. None for a device that is not: it was
    /// swept while Redis or its node was away, or Redis lost it, and stays gone until its next `set`.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn touch(
        &self,
        user: UserId,
        socket: Uuid,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Status>, StoreError> {
        let (key, expiry, member) = (self.user_key(user), self.expiry_key(), member(user, socket));
        let (end, status): (Option<f64>, Option<String>) = redis::pipe()
            .cmd("ZADD")
            .arg(&expiry)
            .arg("XX")
            .arg(expires_at.timestamp_millis())
            .arg(&member)
            .ignore()
            .expire(&key, KEEP_SECONDS)
            .ignore()
            .zscore(&expiry, &member)
            .hget(&key, socket.to_string())
            .query_async(&mut self.redis.connection())
            .await?;
        Ok(end.and(status).and_then(|status| Status::parse(&status)))
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
        if workspaces.is_empty() {
            return Ok(None);
        }
        let key = self.user_key(user);
        let mut pipe = redis::pipe();
        let fields = pipe.cmd("HSET").arg(&key);
        for workspace in workspaces {
            fields.arg(seen_in(*workspace)).arg("");
        }
        let (added,): (i64,) =
            pipe.expire(&key, KEEP_SECONDS).ignore().query_async(&mut self.redis.connection()).await?;
        if added == 0 { Ok(None) } else { Ok(Some(self.seen(user).await?)) }
    }

    /// Takes a workspace from those where a user is seen. Answers how he is seen elsewhere to the one caller in the
    /// fleet that did so, and `None` to the others.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn hide_from(&self, user: UserId, workspace: WorkspaceId) -> Result<Option<Seen>, StoreError> {
        let removed: i64 = redis::cmd("HDEL")
            .arg(self.user_key(user))
            .arg(seen_in(workspace))
            .query_async(&mut self.redis.connection())
            .await?;
        if removed == 0 { Ok(None) } else { Ok(Some(self.seen(user).await?)) }
    }

    /// How others see a user now.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn seen(&self, user: UserId) -> Result<Seen, StoreError> {
        let fields: Fields =
            redis::cmd("HGETALL").arg(self.user_key(user)).query_async(&mut self.redis.connection()).await?;
        Ok(Seen::from(fields))
    }

    /// Takes out devices whose time is over, as many as one pass may. Each is settled by exactly one caller in the fleet.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn sweep(&self, now: DateTime<Utc>) -> Result<Swept, StoreError> {
        let due: Vec<String> = redis::cmd("ZRANGEBYSCORE")
            .arg(self.expiry_key())
            .arg("-inf")
            .arg(now.timestamp_millis())
            .arg("LIMIT")
            .arg(0)
            .arg(PASS_LIMIT)
            .query_async(&mut self.redis.connection())
            .await?;
        let was_full = due.len() == PASS_LIMIT;
        let users = self.take(&due).await?;
        let seen = self.seen_all(&users).await?;
        Ok(Swept { users: users.into_iter().zip(seen).collect(), was_full })
    }

    /// Takes these members out; answers the users of those that nobody else took, each once.
    async fn take(&self, due: &[String]) -> Result<Vec<UserId>, StoreError> {
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let expiry = self.expiry_key();
        let mut pipe = redis::pipe();
        for member in due {
            pipe.zrem(&expiry, member);
            if let Some((user, socket)) = parse_member(member) {
                pipe.hdel(self.user_key(user), socket.to_string()).ignore();
            }
        }
        let taken: Vec<i64> = pipe.query_async(&mut self.redis.connection()).await?;
        let mine = due.iter().zip(taken).filter(|(_, taken)| *taken == 1);
        let mut users: Vec<UserId> = mine.filter_map(|(member, _)| Some(parse_member(member)?.0)).collect();
        users.sort_unstable();
        users.dedup();
        Ok(users)
    }

    /// The same for many, in the order asked for, in one round trip.
    ///
    /// # Errors
    /// Redis is down.
    pub async fn seen_all(&self, users: &[UserId]) -> Result<Vec<Seen>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipe = redis::pipe();
        for user in users {
            pipe.hgetall(self.user_key(*user));
        }
        let all: Vec<Fields> = pipe.query_async(&mut self.redis.connection()).await?;
        Ok(all.into_iter().map(Seen::from).collect())
    }
}

/// A user's hash.
type Fields = Vec<(String, String)>;

impl From<Fields> for Seen {
    fn from(fields: Fields) -> Self {
        let workspaces = fields.iter().filter_map(|(field, _)| field.strip_prefix(SEEN_IN)?.parse().ok());
        let statuses = fields.iter().filter_map(|(_, value)| Status::parse(value));
        Self { status: aggregate(statuses), workspaces: workspaces.collect() }
    }
}

fn seen_in(workspace: WorkspaceId) -> String {
    format!("{SEEN_IN}{workspace}")
}

fn member(user: UserId, socket: Uuid) -> String {
    format!("{user}/{socket}")
}

fn parse_member(member: &str) -> Option<(UserId, Uuid)> {
    let (user, socket) = member.split_once('/')?;
    Some((user.parse().ok()?, socket.parse().ok()?))
}
