//! The crate against real stores, and against stores that are down, silent, or come back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up has failed")]

mod environment;
mod mongo;
mod outage;
mod postgres;
mod redis;
mod s3;
mod silence;
