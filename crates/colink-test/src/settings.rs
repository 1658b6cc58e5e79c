//! What a test changes in a service's configuration.

use std::time::Duration;

use colink_core::clock::SharedClock;
use toml::{Table, Value};

/// Keys above the service's defaults and above what the harness sets.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) table: Table,
    pub(crate) clock: Option<SharedClock>,
    pub(crate) drain: Option<Duration>,
}

impl Settings {
    /// Nothing changed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key by its dotted path: `.set("limits.per_minute", 5)`.
    ///
    /// # Panics
    /// When a part of the path is a value already.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        put(&mut self.table, key, value.into());
        self
    }

    /// Sets a key that the test has not set.
    #[must_use]
    pub fn or(self, key: &str, value: impl Into<Value>) -> Self {
        let mut parts = key.split('.');
        let first = parts.next().and_then(|part| self.table.get(part));
        if parts.fold(first, |found, part| found.and_then(|found| found.get(part))).is_some() {
            return self;
        }
        self.set(key, value)
    }

    /// Gives the service this clock; the system's by default.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How long the service may take to publish its last events before they count as left over; 10 s by default.
    #[must_use]
    pub fn drain_within(mut self, drain: Duration) -> Self {
        self.drain = Some(drain);
        self
    }
}

/// Sets `key`, a dotted path, in `table`.
pub(crate) fn put(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Table::new().into());
            put(inner.as_table_mut().unwrap_or_else(|| panic!("`{section}` is not a table")), rest, value);
        }
    }
}
