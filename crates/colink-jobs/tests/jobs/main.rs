//! Jobs against the real database (T-1). `cargo xtask test` starts it and says where it is.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step is a failed test")]
#![expect(clippy::disallowed_methods, reason = "tests watch over their own tasks")]

mod claims;
mod failures;
mod harness;
mod interventions;
mod listing;
mod measurements;
mod queueing;
mod recurring;
mod stopping;
