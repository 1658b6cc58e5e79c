//! The harness, tested with a small service on the real stores.

#![expect(clippy::unwrap_used, reason = "test code: a broken assumption fails the test")]

mod database;
mod identity;
mod mail;
mod notes;
mod service;
mod socket;
