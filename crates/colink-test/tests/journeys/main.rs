//! Journeys: the built binaries as processes, real stores, and what people see of them.
//!
//! They share one broker and one Redis, and some of them stop these, so they run one after the other.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it is surprised"
)]

mod attacks;
mod audit;
mod bots;
mod cast;
mod company;
mod erase;
mod faults;
mod keycloak;
mod listener;
mod main_job;
mod outsiders;
mod records;
mod removal;
mod revocation;
mod secrets;
mod stores;
mod tours;
mod traces;
