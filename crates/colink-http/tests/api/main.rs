//! The crate from outside: a real server on a free port, asked over the network.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod body;
mod client;
mod envelope;
mod framework;
mod harness;
mod idempotency;
mod idempotency_effects;
mod openapi;
mod params;
