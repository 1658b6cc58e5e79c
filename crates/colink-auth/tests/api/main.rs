//! The crate from outside: real keys, a real key server, real requests, the real Redis.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod caller;
mod harness;
mod jwks;
mod revocation;
mod scoped;
mod service;
mod verify;
