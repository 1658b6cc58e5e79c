//! What is known of users' budgets between two answers of Redis: a call of somebody who has most of his left need not wait
//! until it is counted, and several such calls are counted together.
//!
//! What is not known is what other gateways let through since. So each is at most [`AHEAD`] calls ahead of the count, and
//! never in the second half of a budget. What a gateway owes when it stops is not counted. Without an answer nothing is known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use colink_core::id::UserId;
use moka::sync::Cache;

use super::Subject;
use crate::config::Budget;
use crate::domain::table::Class;

/// Budgets that are known at once.
const KNOWN: u64 = 10_000;
/// How long after its last call a budget is known, and what is owed: longer than the shipped budgets need to
/// become whole.
const KEPT: Duration = Duration::from_mins(2);
/// The last so many calls of a budget are never made before they are counted.
const COUNTED_FIRST: u32 = 16;
/// Calls that are counted together at most, and how long one may wait for that.
const TOGETHER: u32 = 16;
const COUNT_EVERY: Duration = Duration::from_millis(250);
/// Calls that were made and of which no answer has come.
const AHEAD: u32 = 32;

/// The budgets that are known.
pub(super) struct Foresight(Cache<(UserId, Class), Arc<Mutex<Known>>>);

#[derive(Debug, Default)]
struct Known {
    /// Calls left, as Redis said last.
    remaining: u32,
    /// Calls that it was told of and has not answered.
    under_way: u32,
    /// Calls that it was not told of.
    owed: u32,
    /// How often it was told, and when last.
    told: u64,
    told_at: Option<Instant>,
    /// Which of these its newest answer is for.
    answered: u64,
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
#[derive(Debug, Default)]
pub(super) struct Told {
    known: Option<Arc<Mutex<Known>>>,
    number: u64,
    owed: u32,
    answered: bool,
}

impl Foresight {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(KNOWN).time_to_idle(KEPT).build())
    }

    /// A call that comes at `now`. Guesses at secrets are always counted first, and so is what an address is counted for.
    pub(super) fn begin(&self, subject: Subject, class: Class, budget: Budget, now: Instant) -> Forecast {
        let (Subject::User(user), Class::Read | Class::Send | Class::Write) = (subject, class) else {
            return Forecast::First(Told::default());
        };
        let shared = self.0.get_with((user, class), Arc::default);
        let mut known = lock(&shared);
        let out = known.under_way + known.owed + 1;
        let left = known.remaining.saturating_sub(out);
        if out > AHEAD || left < COUNTED_FIRST.max(budget.burst / 2) {
            return Forecast::First(known.tell(&shared, now));
        }
        let due = known.told_at.is_none_or(|told_at| now.duration_since(told_at) >= COUNT_EVERY);
        if due || known.owed + 1 >= TOGETHER {
            return Forecast::Beside(known.tell(&shared, now));
        }
        known.owed += 1;
        Forecast::Later(left)
    }
}

impl Known {
    fn tell(&mut self, shared: &Arc<Mutex<Self>>, now: Instant) -> Told {
        let owed = std::mem::take(&mut self.owed);
        self.under_way += owed + 1;
        self.told += 1;
        self.told_at = Some(now);
        Told { known: Some(Arc::clone(shared)), number: self.told, owed, answered: false }
    }
}

impl Told {
    /// Calls that were made and are to be counted with this one.
    pub(super) fn owed(&self) -> u32 {
        self.owed
    }

    /// Takes note of Redis's answer. Workers have connections of their own, so one may come behind a newer one.
    pub(super) fn learn(&mut self, remaining: u32) {
        self.answered = true;
        let Some(mut known) = self.known.as_ref().map(|shared| lock(shared)) else { return };
        if self.number > known.answered {
            known.answered = self.number;
            known.remaining = remaining;
        } else {
            known.remaining = known.remaining.min(remaining);
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let Some(mut known) = self.known.as_ref().map(|shared| lock(shared)) else { return };
        known.under_way -= self.owed + 1;
        // The client or Redis is gone: what the count says now is not known.
        if !self.answered {
            known.remaining = 0;
        }
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    // Nothing that holds the lock can panic halfway through a change.
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use colink_core::clock::SystemClock;

    use super::*;

    const BUDGET: Budget = Budget { per_minute: 60, burst: 60 };

    /// A user's calls, all at one moment unless said.
    struct Calls {
        foresight: Foresight,
        user: Subject,
        now: Instant,
    }

    impl Calls {
        fn new() -> Self {
            let user = Subject::User(UserId::generate(&SystemClock));
            Self { foresight: Foresight::new(), user, now: Instant::now() }
        }

        fn begin(&self, class: Class) -> Forecast {
            self.foresight.begin(self.user, class, BUDGET, self.now)
        }

        /// The next call must be counted first.
        fn first(&self, class: Class) -> Told {
            let forecast = self.begin(class);
            let Forecast::First(told) = forecast else { panic!("{forecast:?}") };
            told
        }

        /// The next call after a while must be counted beside it.
        fn beside(&mut self) -> Told {
            self.now += COUNT_EVERY;
            let forecast = self.begin(Class::Read);
            let Forecast::Beside(told) = forecast else { panic!("{forecast:?}") };
            told
        }

        /// So many are left after the next call, which is counted later.
        fn later(&self) -> u32 {
            let forecast = self.begin(Class::Read);
            let Forecast::Later(left) = forecast else { panic!("{forecast:?}") };
            left
        }
    }

    /// G-4: who has half left goes on; what was not counted yet is taken off, and counted with the next.
    #[test]
    fn room_is_what_is_left_beyond_half() {
        let calls = Calls::new();
        calls.first(Class::Read).learn(33);
        assert_eq!([calls.later(), calls.later(), calls.later()], [32, 31, 30]);
        let mut told = calls.first(Class::Read);
        assert_eq!(told.owed(), 3);
        told.learn(60);
        assert_eq!(calls.later(), 55, "four are under way until the answer was taken");
        drop(told);
        assert_eq!(calls.later(), 58);
        assert_eq!(calls.first(Class::Send).owed(), 0, "each class has a budget of its own");
    }

    /// G-4: not more than sixteen calls are counted together, none waits for long, and the count is never far behind.
    #[test]
    fn calls_are_counted_soon() {
        let mut calls = Calls::new();
        calls.first(Class::Read).learn(60);
        let sixteen = |calls: &Calls| {
            for _ in 1..TOGETHER {
                calls.later();
            }
            let forecast = calls.begin(Class::Read);
            let Forecast::Beside(told) = forecast else { panic!("{forecast:?}") };
            assert_eq!(told.owed(), TOGETHER - 1);
            told
        };
        let mut told = sixteen(&calls);
        told.learn(60);
        drop(told);
        calls.later();
        assert_eq!(calls.beside().owed(), 1);
        calls.first(Class::Read).learn(u32::MAX);
        let ahead = [sixteen(&calls), sixteen(&calls)];
        calls.first(Class::Read);
        drop(ahead);
    }

    /// G-4: guesses at secrets, the last calls of a budget and those of an address are counted first.
    #[test]
    fn what_is_scarce_is_counted_first() {
        let calls = Calls::new();
        calls.first(Class::Credentials).learn(60);
        calls.first(Class::Credentials);
        let small = Budget { per_minute: 60, burst: COUNTED_FIRST };
        for (subject, budget) in [(calls.user, small), (Subject::Address(None), BUDGET)] {
            for _ in 0..2 {
                let forecast = calls.foresight.begin(subject, Class::Read, budget, calls.now);
                let Forecast::First(mut told) = forecast else { panic!("{subject:?} {forecast:?}") };
                told.learn(budget.burst);
            }
        }
    }

    /// G-4: whoever breaks off the call that is counted, or finds Redis gone, gains nothing; and an answer that comes late
    /// gives nothing back.
    #[test]
    fn without_an_answer_nothing_is_known() {
        let mut calls = Calls::new();
        calls.first(Class::Read).learn(60);
        let (mut early, mut late) = (calls.beside(), calls.beside());
        late.learn(40);
        early.learn(55);
        drop((early, late));
        assert_eq!(calls.later(), 39);
        drop(calls.beside());
        calls.first(Class::Read);
    }
}
