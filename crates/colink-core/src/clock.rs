//! Time is asked of a [`Clock`] that was handed in; nothing else in the tree reads the system's time.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::time::Timestamp;

/// Who knows what time it is.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;

    /// The present moment, cut to milliseconds as every view and event writes it.
    fn timestamp(&self) -> Timestamp {
        self.now().into()
    }
}

/// The clock as it is passed around.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock: the only reader of the system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock, ready to be passed around.
    pub fn shared() -> SharedClock {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until a test moves it. Share it in an `Arc` to move it from outside.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `moment`, to the microsecond.
    pub fn new(moment: DateTime<Utc>) -> Self {
        Self { micros: AtomicI64::new(moment.timestamp_micros()) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let moved = self.micros.load(Ordering::SeqCst).saturating_add(by);
        self.micros.store(moved, Ordering::SeqCst);
    }

    /// Moves the clock to `moment`, backwards too.
    pub fn set(&self, moment: DateTime<Utc>) {
        self.micros.store(moment.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-01-01T00:00:00Z, so that a golden file has a readable date.
    fn default() -> Self {
        Self { micros: AtomicI64::new(1_767_225_600_000_000) }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let micros = self.micros.load(Ordering::SeqCst);
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
