//! A bound on the time of one call, for drivers that have none of their own.

use std::time::Duration;

use crate::StoreError;

/// Awaits `call` for at most `limit`.
///
/// Postgres and Mongo stop a slow statement on the server, but a connection whose other end has gone silent is noticed by
/// neither driver; a caller without a deadline of its own wraps the call in this.
///
/// # Errors
/// [`StoreError::Timeout`] when `limit` passes, else what `call` failed with.
pub async fn bounded<T, E>(
    store: &'static str,
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, StoreError>
where
    StoreError: From<E>,
{
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(StoreError::from),
        Err(elapsed) => Err(StoreError::timeout(store, elapsed)),
    }
}
