//! Work on a timer.

pub(crate) mod erase_users;
pub(crate) mod housekeeping;
