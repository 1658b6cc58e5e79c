//! One line per step, with its time.

use std::time::Instant;

use crate::output;

/// A step that is under way.
#[derive(Debug)]
pub(crate) struct Step {
    name: String,
    begun: Instant,
}

impl Step {
    /// Starts the clock.
    pub(crate) fn begin(name: &str) -> Self {
        Self { name: name.to_owned(), begun: Instant::now() }
    }

    /// Prints what came of it.
    pub(crate) fn done(self, what: &str) {
        output::line(format!("  {:<13} {what:<44} {:>6.1} s", self.name, self.begun.elapsed().as_secs_f64()));
    }
}
