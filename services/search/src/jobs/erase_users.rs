//! Takes the former names of erased users out of the messages that mention them.
//!
//! Profiles are anonymous as soon as `user.erased` is handled, so nobody waits for this. It goes page by page and goes on
//! after a crash. Several replicas may run it at once: erasing twice erases once.
//!
//! Streams overtake each other: a message from before the erasure may be indexed after it. So the name is looked for
//! again, each time after as long as since the first, for [`KEPT`]; then it is forgotten.

use std::time::Duration;

use colink_core::time::Timestamp;
use colink_events::users::UserErased;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::state::State;
use crate::store::erasure::{self, Former};

/// How often it is asked whose name is to be looked for; an index with nobody in it answers.
const EVERY: Duration = Duration::from_secs(1);
/// From the first search for a name to the second, in milliseconds.
const SOONEST: i64 = 5_000;
/// From the first search for a name to the last, in milliseconds. What is indexed later keeps the name; but longer than this
/// nobody who erases himself is to be known.
const KEPT: i64 = 20_000;

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(state: State, cancel: CancellationToken) {
    loop {
        if let Err(error) = once(&state.pool, state.clock.timestamp()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "erased users could not be taken out everywhere; it is tried again"
            );
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn once(pool: &PgPool, now: Timestamp) -> Result<(), sqlx::Error> {
    for Former { user, username, first_pass_at } in erasure::list_due(pool, now).await? {
        // A name that is the alias already needs no renaming, which would never end.
        let differs = username != UserErased::username(user);
        while differs && erasure::update_mentioning(pool, user, &username).await? > 0 {}
        let first = first_pass_at.unwrap_or(now);
        match next_pass(first, now).filter(|_| differs) {
            Some(next) => erasure::update_passes(pool, user, first, next).await?,
            None => erasure::delete_former(pool, user).await?,
        }
    }
    Ok(())
}

/// When a name is looked for after `now`; none when this was the last time.
fn next_pass(first: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let (first, now) = (first.as_millis(), now.as_millis());
    let last = first.saturating_add(KEPT);
    let next = now.saturating_add(SOONEST.max(now.saturating_sub(first)));
    (now < last).then(|| Timestamp::from_millis(next.min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_ever_more_rarely_and_once_at_the_end() {
        let (mut now, mut seconds) = (0, vec![0]);
        while let Some(next) = next_pass(Timestamp::from_millis(0), Timestamp::from_millis(now)) {
            now = next.as_millis();
            seconds.push(now / 1_000);
        }
        assert_eq!(seconds, [0, 5, 10, 20]);
    }
}
