//! Replaces a signing key that has become too old.

use std::time::Duration;

use colink_events::Cause;
use colink_events::users::SigningKeyRotated;
use colink_jobs::{Job, JobFailure, JobRun};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::keyring;
use crate::state::State;
use crate::store::signing_keys::{self, StoredKey};

/// The look at the age of the newest key.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct RotateKeys;

impl Job for RotateKeys {
    const KIND: &'static str = "rotate_keys";
    type State = State;

    async fn run(self, state: &State, run: &JobRun) -> Result<(), JobFailure> {
        let now = state.clock.now();
        let stored = signing_keys::list(&state.pool, now).await?;
        if keyring::is_due(&stored, state.keys.rotate_after(), now) {
            rotate(state, &run.cause, Occasion::Age).await?;
        }
        Ok(())
    }
}

/// Takes over what the database has, and says how many keys these are.
pub(crate) async fn reload(state: &State) -> Result<usize, AuthError> {
    let stored = signing_keys::list(&state.pool, state.clock.now()).await?;
    state.keyring.replace(&stored)?;
    Ok(stored.len())
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
    let maker = KeyMaker { clock: state.clock.as_ref(), sealer: &state.sealer, keys: state.keys };
    let Some(key) = maker.make(&mut transaction, cause, occasion).await? else { return Ok(None) };
    state.commit(transaction).await?;
    state.metrics.key_rotated(&key.kid);
    reload(state).await?;
    Ok(Some(key))
}

/// What a key is made with: that of the running service, or of the command.
pub(crate) struct KeyMaker<'a> {
    pub(crate) clock: &'a dyn colink_core::clock::Clock,
    pub(crate) sealer: &'a colink_secrets::Sealer,
    pub(crate) keys: crate::config::KeysConfig,
}

impl KeyMaker<'_> {
    /// Makes a key and records its event; `None` when it is not due. One at a time in the whole fleet.
    ///
    /// # Errors
    /// [`AuthError::KeyWaits`] for an order that comes too early; failures of the store and of sealing.
    pub(crate) async fn make(
        &self,
        transaction: &mut sqlx::PgConnection,
        cause: &Cause,
        occasion: Occasion,
    ) -> Result<Option<StoredKey>, AuthError> {
        signing_keys::lock(transaction).await?;
        let now = self.clock.now();
        let stored = signing_keys::list(&mut *transaction, now).await?;
        if occasion == Occasion::Age && !keyring::is_due(&stored, self.keys.rotate_after(), now) {
            return Ok(None);
        }
        if let Some(at) = keyring::closed_until(&stored, now) {
            return Err(AuthError::KeyWaits((at - now).to_std().unwrap_or_default()));
        }
        // Nobody has to be told of the first key before it signs.
        let delay = if stored.is_empty() { Duration::ZERO } else { self.keys.activation_delay() };
        let key = keyring::generate(self.clock, self.sealer, delay)?;
        signing_keys::insert(transaction, &key, key.activates_at + self.keys.overlap()).await?;
        let event = SigningKeyRotated { kid: key.kid.clone(), at: self.clock.timestamp() };
        colink_bus::outbox::enqueue(transaction, &event, cause, self.clock).await?;
        Ok(Some(key))
    }
}
