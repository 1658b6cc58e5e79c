#![doc = include_str!("../README.md")]

pub mod backoff;
mod bounded;
mod enqueue;
mod error;
mod job;
mod list;
mod metrics;
mod runner;
mod status;
mod store;

pub use backoff::Backoff;
pub use enqueue::{Enqueue, Enqueued, enqueue, enqueue_all};
pub use error::JobsError;
pub use job::{Job, JobFailure, JobRun};
pub use list::{JobFilter, ListJobs, list};
pub use runner::{Runner, RunnerConfig, WakeHandle};
pub use status::{JobState, JobStatus, Retention, purge, purge_kind, requeue, requeue_dead, status};

/// The statements that make the table, to be copied word for word into a migration of the service.
pub const SCHEMA: &str = include_str!("../schema.sql");
