//! Counting ahead of the outcome.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::{Limit, Limits, Subject};
use crate::error::AuthError;

/// Counts and answers -1, unless the limit `ARGV[2]` is used up: then how long the window still lasts, in milliseconds.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if tonumber(redis.call('GET', KEYS[1]) or '0') >= tonumber(ARGV[2]) then
           return math.max(redis.call('PTTL', KEYS[1]), 0)
         end
         if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
         return -1",
    )
});

/// Takes one off what is counted. The window may have ended meanwhile; less than nothing is never counted.
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
         return 0",
    )
});

impl Limits {
    /// Counts one call before it is known whether it counts, so that many at once are no more than one after the other:
    /// [`Self::give_back`] when it did not. A refused call is not counted.
    ///
    /// # Errors
    /// [`AuthError::Limited`] at the limit, [`AuthError::Store`] without Redis.
    pub(crate) async fn claim(&self, limit: Limit, subject: &Subject) -> Result<(), AuthError> {
        let (name, most, window) = self.rule(limit);
        if most == 0 {
            return Ok(());
        }
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let mut claim = CLAIM.key(self.redis.key(&["limit", name, &subject.0]));
        let left: i64 = claim.arg(window).arg(most).invoke_async(&mut self.redis.connection()).await?;
        u64::try_from(left).map_or(Ok(()), |left| Err(AuthError::Limited(Duration::from_millis(left))))
    }

    /// Takes back what [`Self::claim`] counted.
    ///
    /// # Errors
    /// [`AuthError::Store`] without Redis.
    pub(crate) async fn give_back(&self, limit: Limit, subject: &Subject) -> Result<(), AuthError> {
        let (name, most, _) = self.rule(limit);
        if most > 0 {
            let give_back = GIVE_BACK.key(self.redis.key(&["limit", name, &subject.0]));
            let _: i64 = give_back.invoke_async(&mut self.redis.connection()).await?;
        }
        Ok(())
    }
}
