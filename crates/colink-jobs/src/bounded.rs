//! A bound on the time of what the runner itself asks of the database.

use std::time::Duration;

/// Longer than the wait for a connection and one statement may take, so that only a server that has gone silent meets it.
const LIMIT: Duration = Duration::from_secs(10);

/// Awaits `call` for a while: the driver notices only after a quarter of an hour that the other end has vanished.
///
/// # Errors
/// A timeout of I/O when that passes, and the call may have been carried out; else what `call` failed with.
pub(crate) async fn bounded<T, E: From<sqlx::Error>>(
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(sqlx::Error::Io(elapsed.into()).into()),
    }
}
