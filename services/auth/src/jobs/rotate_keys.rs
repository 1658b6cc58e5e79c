//! Keeps the keyring equal to the database, and replaces a signing key that has become too old.

use std::time::Duration;

use colink_events::Cause;
use colink_events::users::SigningKeyRotated;
use colink_runtime::Requirement;
use tokio_util::sync::CancellationToken;

use crate::error::AuthError;
use crate::keyring;
use crate::state::State;
use crate::store::signing_keys::{self, StoredKey};

const RETRY: Duration = Duration::from_secs(1);

/// Runs until `stop`. The service is ready once the keys were read.
pub(crate) async fn run(state: State, loaded: Requirement, stop: CancellationToken) {
    loop {
        let wait = match refresh(&state).await {
            Ok(()) => {
                loaded.grant();
                state.keys.reload()
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the signing keys could not be read"
                );
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Reads the keys, after making a new one when it is time.
pub(crate) async fn refresh(state: &State) -> Result<(), AuthError> {
    let stored = signing_keys::list(&state.pool, state.clock.now()).await?;
    if keyring::is_due(&stored, state.keys.rotate_after(), state.clock.now()) {
        rotate(state, &Cause::default(), Occasion::Age).await?;
    }
    reload(state).await
}

/// Takes over what the database has.
async fn reload(state: &State) -> Result<(), AuthError> {
    let stored = signing_keys::list(&state.pool, state.clock.now()).await?;
    state.keyring.replace(&stored)
}

/// Why a key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The newest is too old, unless another replica was faster.
    Age,
    /// Somebody asked for it.
    Order,
}

/// Makes a new key and reads it; `None` when another replica was faster.
///
/// # Errors
/// Failures of stores; then there is no new key.
pub(crate) async fn rotate(
    state: &State,
    cause: &Cause,
    occasion: Occasion,
) -> Result<Option<StoredKey>, AuthError> {
    let mut transaction = state.begin().await?;
    signing_keys::lock(&mut transaction).await?;
    let now = state.clock.now();
    let stored = signing_keys::list(&mut *transaction, now).await?;
    if occasion == Occasion::Age && !keyring::is_due(&stored, state.keys.rotate_after(), now) {
        return Ok(None);
    }
    // Nobody has to be told of the first key before it signs.
    let delay = if stored.is_empty() { Duration::ZERO } else { state.keys.activation_delay() };
    let key = keyring::generate(state.clock.as_ref(), &state.sealer, delay)?;
    signing_keys::insert(&mut transaction, &key, key.activates_at + state.keys.overlap()).await?;
    let event = SigningKeyRotated { kid: key.kid.clone(), at: state.clock.timestamp() };
    state.emit(&mut transaction, &event, cause).await?;
    state.commit(transaction).await?;
    state.metrics.key_rotated(&key.kid);
    reload(state).await?;
    Ok(Some(key))
}
