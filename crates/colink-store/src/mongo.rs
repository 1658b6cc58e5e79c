//! MongoDB, or a server that speaks its protocol.
//!
//! Contract: [`connect`] never waits for the server. A call waits at most 2 s for a server that can take it and 2 s for a
//! connection. Retryable writes are off, whatever the URL says: they need sessions, which not every such server has; a caller
//! that repeats a write makes it idempotent. The driver has no bound on the answer itself: use [`bounded`]
//! where no outer deadline holds.

use std::time::Duration;

use mongodb::bson::doc;
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{StoreError, bounded};

pub(crate) const STORE: &str = "mongo";
const SELECTION_LIMIT: Duration = Duration::from_secs(2);
const PING_LIMIT: Duration = Duration::from_secs(3);

const DUPLICATE_KEY: [i32; 2] = [11000, 11001];
const MAX_TIME_EXPIRED: i32 = 50;
/// Stepping down, shutting down or starting (the drivers' "retryable" states):
/// <https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md>.
const NOT_NOW: [i32; 9] = [6, 7, 89, 91, 189, 10107, 11600, 11602, 13435];

/// The `[mongo]` section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MongoConfig {
    /// `mongodb://[user:password@]host:port[,…]/[?options]`.
    pub url: SecretString,
    /// The database that belongs to the service.
    pub database: String,
}

/// The service's database, on a client that connects in the background.
///
/// # Errors
/// [`StoreError::Misconfigured`] when the URL or the name cannot be used.
pub async fn connect(config: &MongoConfig) -> Result<Database, StoreError> {
    let unusable =
        |error: Error| StoreError::misconfigured(STORE, format!("mongo.url cannot be read: {error}"));
    if config.database.is_empty() || config.database.contains(['/', '\\', '.', '"', '$', ' ', '\0']) {
        return Err(StoreError::misconfigured(STORE, "mongo.database is not a database name"));
    }
    let options = settings(config.url.expose_secret()).await.map_err(unusable)?;
    let client = Client::with_options(options).map_err(unusable)?;
    Ok(client.database(&config.database))
}

async fn settings(url: &str) -> Result<ClientOptions, Error> {
    let mut options = ClientOptions::parse(url).await?;
    options.server_selection_timeout = Some(SELECTION_LIMIT);
    options.connect_timeout = Some(SELECTION_LIMIT);
    options.retry_writes = Some(false);
    options.app_name.get_or_insert_with(|| "colink".to_owned());
    Ok(options)
}

/// One round trip, within 3 s.
///
/// # Errors
/// [`StoreError::Unavailable`] or [`StoreError::Timeout`] while the server is down.
pub async fn ping(database: &Database) -> Result<(), StoreError> {
    bounded(STORE, PING_LIMIT, async { database.run_command(doc! { "ping": 1 }).await }).await.map(|_| ())
}

/// Whether a unique index refused the write: an insert, one of many inserts, or an upsert.
#[must_use]
pub fn is_duplicate_key(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(failure)) => DUPLICATE_KEY.contains(&failure.code),
        ErrorKind::InsertMany(failures) => {
            failures.write_errors.iter().flatten().any(|failure| DUPLICATE_KEY.contains(&failure.code))
        }
        ErrorKind::BulkWrite(failures) => {
            failures.write_errors.values().any(|failure| DUPLICATE_KEY.contains(&failure.code))
        }
        ErrorKind::Command(failure) => DUPLICATE_KEY.contains(&failure.code),
        _ => false,
    }
}

/// The places of the documents that an unordered `insert_many` refused because their keys are there; `None` when anything else
/// went wrong.
#[must_use]
pub fn duplicates(error: &Error) -> Option<Vec<usize>> {
    let ErrorKind::InsertMany(failures) = error.kind.as_ref() else { return None };
    let refused = failures.write_errors.as_deref().unwrap_or_default();
    let only = failures.write_concern_error.is_none()
        && !refused.is_empty()
        && refused.iter().all(|failure| DUPLICATE_KEY.contains(&failure.code));
    only.then(|| refused.iter().map(|failure| failure.index).collect())
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.kind.as_ref() {
            ErrorKind::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut => {
                Self::timeout(STORE, error)
            }
            ErrorKind::Command(failure) if failure.code == MAX_TIME_EXPIRED => Self::timeout(STORE, error),
            ErrorKind::Command(failure) if NOT_NOW.contains(&failure.code) => Self::unavailable(STORE, error),
            ErrorKind::Io(_)
            | ErrorKind::ServerSelection { .. }
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Shutdown => Self::unavailable(STORE, error),
            _ => Self::rejected(STORE, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_bounds_hold_whatever_the_url_says() {
        let url =
            "mongodb://127.0.0.1:1/?retryWrites=true&serverSelectionTimeoutMS=60000&connectTimeoutMS=60000";
        let options = settings(url).await.unwrap();
        assert_eq!(options.retry_writes, Some(false));
        assert_eq!(options.server_selection_timeout, Some(SELECTION_LIMIT));
        assert_eq!(options.connect_timeout, Some(SELECTION_LIMIT));
    }
}
