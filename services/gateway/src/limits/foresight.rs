//! What is known of users' budgets between two answers of Redis: a call of somebody who has most of his left need not wait
//! until it is counted, and several such calls are counted together.
//!
//! Every call is counted, and every answer says what is left. What is not known is what other gateways let through since,
//! and the half that is kept back is for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use colink_core::id::UserId;
use moka::sync::Cache;

use super::Subject;
use crate::config::Budget;
use crate::domain::table::Class;

/// Budgets that are known at once.
const KNOWN: u64 = 10_000;
/// How long after its last call a budget is known.
const KEPT: Duration = Duration::from_secs(10);
/// The last so many calls of a budget are never made before they are counted.
const COUNTED_FIRST: u32 = 16;
/// Calls that are counted together at most, and how long one may wait for that.
const TOGETHER: u32 = 16;
const COUNT_EVERY_MS: u64 = 250;

/// The budgets that are known.
pub(super) struct Foresight {
    known: Cache<(UserId, Class), Arc<Known>>,
    started: Instant,
}

#[derive(Debug, Default)]
struct Known {
    /// Calls left, as Redis said last.
    remaining: AtomicU32,
    /// Calls that it was told of and has not answered.
    under_way: AtomicU32,
    /// Calls that it was not told of.
    owed: AtomicU32,
    /// When it was told last, in milliseconds since the start.
    told_at: AtomicU64,
}

/// When a call is counted.
#[derive(Debug)]
pub(super) enum Forecast {
    /// Before it is made.
    First(Told),
    /// While it is made.
    Beside(Told),
    /// With a later one; so many are left.
    Later(u32),
}

/// What Redis is told of: a call and those before it that were not counted yet.
#[derive(Debug)]
pub(super) struct Told {
    known: Option<Arc<Known>>,
    owed: u32,
}

impl Foresight {
    pub(super) fn new() -> Self {
        let known = Cache::builder().max_capacity(KNOWN).time_to_idle(KEPT).build();
        Self { known, started: Instant::now() }
    }

    pub(super) fn begin(&self, subject: Subject, class: Class, budget: Budget) -> Forecast {
        let Subject::User(user) = subject else { return Forecast::First(Told { known: None, owed: 0 }) };
        let known = self.known.get_with((user, class), Arc::default);
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let out = known.under_way.load(Relaxed) + known.owed.load(Relaxed) + 1;
        let left = known.remaining.load(Relaxed).saturating_sub(out);
        if left < COUNTED_FIRST.max(budget.burst / 2) {
            return Forecast::First(known.tell(now));
        }
        let due = now.saturating_sub(known.told_at.load(Relaxed)) >= COUNT_EVERY_MS;
        if due || known.owed.load(Relaxed) + 1 >= TOGETHER {
            return Forecast::Beside(known.tell(now));
        }
        known.owed.fetch_add(1, Relaxed);
        Forecast::Later(left)
    }
}

impl Known {
    fn tell(self: Arc<Self>, now: u64) -> Told {
        let owed = self.owed.swap(0, Relaxed);
        self.under_way.fetch_add(owed + 1, Relaxed);
        self.told_at.store(now, Relaxed);
        Told { known: Some(self), owed }
    }
}

impl Told {
    /// Calls that were made and are to be counted with this one.
    pub(super) fn owed(&self) -> u32 {
        self.owed
    }

    /// Takes note of Redis's answer.
    pub(super) fn learn(&self, remaining: u32) {
        if let Some(known) = &self.known {
            known.remaining.store(remaining, Relaxed);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(known) = &self.known {
            known.under_way.fetch_sub(self.owed + 1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::SystemClock;

    use super::*;

    const BUDGET: Budget = Budget { per_minute: 60, burst: 60 };

    fn user() -> Subject {
        Subject::User(UserId::generate(&SystemClock))
    }

    fn first(forecast: Forecast) -> Told {
        let Forecast::First(told) = forecast else { panic!("{forecast:?}") };
        told
    }

    /// G-4: who has more than half left goes on; what was not counted yet is taken off, and counted with the next.
    #[test]
    fn room_is_what_is_left_beyond_half() {
        let (foresight, user) = (Foresight::new(), user());
        let begin = |class| foresight.begin(user, class, BUDGET);
        first(begin(Class::Read)).learn(33);
        for left in [32, 31, 30] {
            assert!(matches!(begin(Class::Read), Forecast::Later(seen) if seen == left), "{left}");
        }
        let told = first(begin(Class::Read));
        assert_eq!(told.owed(), 3);
        told.learn(60);
        // Four are under way until the answer was taken.
        assert!(matches!(begin(Class::Read), Forecast::Later(55)));
        drop(told);
        assert!(matches!(begin(Class::Read), Forecast::Later(58)));
        assert_eq!(first(begin(Class::Send)).owed(), 0, "each class has a budget of its own");
    }

    /// G-4: not more than sixteen calls are counted together, and none waits for long.
    #[test]
    fn calls_are_counted_soon() {
        let (foresight, user) = (Foresight::new(), user());
        let begin = || foresight.begin(user, Class::Read, Budget { per_minute: 60, burst: 100 });
        first(begin()).learn(99);
        for _ in 1..TOGETHER {
            assert!(matches!(begin(), Forecast::Later(_)));
        }
        let Forecast::Beside(told) = begin() else { panic!("too many are owed") };
        assert_eq!(told.owed(), TOGETHER - 1);
        told.learn(99 - TOGETHER);
        drop(told);
        assert!(matches!(begin(), Forecast::Later(_)));
        std::thread::sleep(Duration::from_millis(COUNT_EVERY_MS));
        assert!(matches!(begin(), Forecast::Beside(told) if told.owed() == 1));
    }

    /// G-4: of a small budget, and of that of an address, every call is counted first.
    #[test]
    fn what_is_scarce_is_counted_first() {
        let foresight = Foresight::new();
        let small = Budget { per_minute: 60, burst: COUNTED_FIRST };
        for (subject, budget) in [(user(), small), (Subject::Address(None), BUDGET)] {
            first(foresight.begin(subject, Class::Read, budget)).learn(budget.burst);
            first(foresight.begin(subject, Class::Read, budget));
        }
    }
}
