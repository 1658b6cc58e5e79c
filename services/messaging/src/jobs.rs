//! Work on a timer.

pub(crate) mod housekeeping;
