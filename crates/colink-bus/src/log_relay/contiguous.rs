//! The highest number up to which nothing is missing.

use std::collections::BTreeSet;

/// Numbers that came in any order, and the end of their unbroken run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contiguous {
    through: i64,
    ahead: BTreeSet<i64>,
}

impl Contiguous {
    /// Everything up to and with `through` is there.
    pub(super) fn through(through: i64) -> Self {
        Self { through, ahead: BTreeSet::new() }
    }

    /// Adds one number; repeats change nothing.
    pub(super) fn insert(&mut self, number: i64) {
        if number > self.through {
            self.ahead.insert(number);
            self.close_up();
        }
    }

    /// Adds every number up to and with `through`.
    pub(super) fn raise(&mut self, through: i64) {
        if through > self.through {
            self.through = through;
            self.ahead = self.ahead.split_off(&through.saturating_add(1));
            self.close_up();
        }
    }

    /// Whether the number was added.
    pub(super) fn contains(&self, number: i64) -> bool {
        number <= self.through || self.ahead.contains(&number)
    }

    /// The end of the unbroken run.
    pub(super) fn end(&self) -> i64 {
        self.through
    }

    fn close_up(&mut self) {
        while self.ahead.first().is_some_and(|first| *first == self.through + 1) {
            self.ahead.pop_first();
            self.through += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_ends_before_the_first_missing_number() {
        let mut run = Contiguous::through(4);
        for number in [6, 7, 9] {
            run.insert(number);
        }
        assert_eq!(run.end(), 4);
        run.insert(5);
        assert_eq!(run.end(), 7);
        run.insert(8);
        assert_eq!(run.end(), 9);
    }

    #[test]
    fn repeats_and_old_numbers_change_nothing() {
        let mut run = Contiguous::through(4);
        run.insert(3);
        run.insert(5);
        run.insert(5);
        assert_eq!(run, Contiguous::through(5));
    }

    #[test]
    fn raising_takes_in_what_was_ahead() {
        let mut run = Contiguous::through(0);
        for number in [3, 6, 7, 9] {
            run.insert(number);
        }
        run.raise(5);
        assert_eq!(run.end(), 7);
        run.raise(2);
        assert_eq!(run.end(), 7);
        run.insert(8);
        assert_eq!(run.end(), 9);
    }
}
