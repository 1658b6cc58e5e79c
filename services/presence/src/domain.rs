//! Rules of realtime delivery that need neither a socket nor a clock of their own.

pub mod frame;
pub mod ordering;
pub mod rate;
pub mod status;
