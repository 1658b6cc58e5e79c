//! What becomes of an event whose handler failed, and which keys are parked.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use colink_telemetry::metrics::IntGauge;

use super::handler::HandleError;
use super::record::Place;
use crate::backoff::Backoff;

/// Tries of one event before its key is parked.
pub(super) const TRIES: u32 = 5;

/// The failures of one event so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Failures {
    pub(super) tries: u32,
    outages: u32,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    TryAgain(Duration),
    /// The event and all later ones of its key go to the dead letters.
    ParkKey,
    /// Only this event does.
    DeadLetter,
}

impl Failures {
    /// Decides after another failure.
    pub(super) fn judge(&mut self, error: &HandleError) -> Verdict {
        match error {
            HandleError::Poison(_) => {
                self.tries += 1;
                Verdict::DeadLetter
            }
            // An outage is nobody's fault, so it does not count against the event.
            HandleError::Unavailable(_) => {
                self.outages = self.outages.saturating_add(1);
                Verdict::TryAgain(Backoff::OUTAGE.after(self.outages))
            }
            HandleError::Retry(_) => {
                self.tries += 1;
                self.outages = 0;
                if self.tries >= TRIES {
                    Verdict::ParkKey
                } else {
                    Verdict::TryAgain(Backoff::RETRY.after(self.tries))
                }
            }
        }
    }
}

/// The keys that are parked, of the partitions that are assigned here.
pub(super) struct ParkedKeys {
    keys: Mutex<HashMap<Place, HashSet<Bytes>>>,
    gauge: IntGauge,
}

impl ParkedKeys {
    pub(super) fn new(gauge: IntGauge) -> Self {
        Self { keys: Mutex::default(), gauge }
    }

    pub(super) fn contains(&self, place: Place, key: &Bytes) -> bool {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(&place).is_some_and(|parked| parked.contains(key))
    }

    pub(super) fn park(&self, place: Place, key: Bytes) {
        self.change(|keys| {
            keys.entry(place).or_default().insert(key);
        });
    }

    /// The key's dead letters have been handled.
    pub(super) fn release(&self, place: Place, key: &Bytes) {
        self.change(|keys| {
            keys.entry(place).or_default().remove(key);
        });
    }

    /// A partition came: this is what its dead letters say.
    pub(super) fn load(&self, place: Place, parked: HashSet<Bytes>) {
        self.change(|keys| {
            keys.insert(place, parked);
        });
    }

    /// A partition went.
    pub(super) fn forget(&self, place: Place) {
        self.change(|keys| {
            keys.remove(&place);
        });
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<Place, HashSet<Bytes>>)) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut keys);
        let count: usize = keys.values().map(HashSet::len).sum();
        self.gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use colink_events::Topic;

    #[test]
    fn the_fifth_failure_parks_the_key() {
        let mut failures = Failures::default();
        let error = HandleError::retry("no");
        let verdicts: Vec<Verdict> = (0..5).map(|_| failures.judge(&error)).collect();
        let again = |ms| Verdict::TryAgain(Duration::from_millis(ms));
        assert_eq!(verdicts, [again(100), again(200), again(400), again(800), Verdict::ParkKey]);
    }

    #[test]
    fn an_outage_is_waited_out_and_never_parks() {
        let mut failures = Failures::default();
        for _ in 0..1000 {
            let verdict = failures.judge(&HandleError::unavailable("away"));
            assert!(matches!(verdict, Verdict::TryAgain(wait) if wait <= Duration::from_secs(1)));
        }
        assert_eq!(failures.judge(&HandleError::retry("no")), Verdict::TryAgain(Duration::from_millis(100)));
    }

    #[test]
    fn poison_goes_at_once_and_alone() {
        assert_eq!(Failures::default().judge(&HandleError::poison("bad")), Verdict::DeadLetter);
    }

    #[test]
    fn a_database_that_is_away_is_told_from_one_that_refuses() {
        let is_away = |error: sqlx::Error| matches!(HandleError::from(error), HandleError::Unavailable(_));
        assert!(is_away(sqlx::Error::PoolTimedOut));
        assert!(is_away(sqlx::Error::Io(std::io::Error::from(std::io::ErrorKind::ConnectionRefused))));
        assert!(!is_away(sqlx::Error::RowNotFound));
    }

    #[test]
    fn a_key_is_parked_in_its_own_partition_only() {
        let parked = ParkedKeys::new(IntGauge::new("parked", "help").unwrap());
        let key = Bytes::from_static(b"k");
        parked.park((Topic::Users, 1), key.clone());
        assert!(parked.contains((Topic::Users, 1), &key));
        assert!(!parked.contains((Topic::Users, 2), &key));
        parked.release((Topic::Users, 1), &key);
        assert!(!parked.contains((Topic::Users, 1), &key));
        parked.park((Topic::Users, 1), key.clone());
        parked.forget((Topic::Users, 1));
        assert!(!parked.contains((Topic::Users, 1), &key));
    }
}
