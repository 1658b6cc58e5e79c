//! The runtime, proven with a tiny service: in this process, and as a process of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code: a broken assumption fails the test")]

mod example;
mod in_process;
mod ledger;
mod process;
mod schema;
