//! What can go wrong with the queue itself.

use colink_telemetry::metrics::MetricsError;

/// A failure of the queue. None of its texts is meant for an end user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobsError {
    /// The database refused or was not there.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A job could not be written as JSON: a defect of its type.
    #[error("the job cannot be written: {0}")]
    Payload(#[from] serde_json::Error),
    /// Jobs with the same key come and go faster than one could be queued or found.
    #[error("jobs with the key of `{0}` end as fast as they are queued")]
    Contended(&'static str),
    /// A metric could not be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] MetricsError),
}
