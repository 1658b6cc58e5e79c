//! Makes exports of users' data, tells their owners, and deletes archives whose time is over.
//!
//! The rows are the queue: whoever claims one has it for a while, and when he dies another takes it. An archive that is
//! made twice is made under the same key.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::letter::Template;
use crate::error::AuthError;
use crate::state::State;
use crate::store::exports::{self, Export};
use crate::{export, mail};

const EVERY: Duration = Duration::from_secs(2);
/// Somebody who wrote a million messages has ten thousand pages of them.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// Longer than one attempt can take.
const LEASE: Duration = Duration::from_secs(12 * 60);
const ATTEMPTS: i32 = 5;
const RETRY: Duration = Duration::from_secs(30);
const AT_ONCE: i64 = 100;

/// Runs until `stop`.
pub(crate) async fn run(state: State, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = step(&state) => done,
        };
        match done {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "exports could not be worked on, the next run follows"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Whether there may be more.
async fn step(state: &State) -> Result<bool, AuthError> {
    remove(state).await?;
    let now = state.clock.now();
    let Some(export) = exports::update_claimed(&state.pool, now, now + LEASE).await? else {
        return Ok(false);
    };
    let made = tokio::time::timeout(LONGEST, Box::pin(export::make(state, &export))).await;
    match made.unwrap_or(Err(AuthError::Busy("export"))) {
        Ok(()) => settle(state, &export, exports::READY).await?,
        Err(error) => fail(state, &export, &error).await?,
    }
    Ok(true)
}

async fn fail(state: &State, export: &Export, error: &AuthError) -> Result<(), AuthError> {
    let last = export.attempts >= ATTEMPTS;
    tracing::warn!(export_id = %export.id(), last, error = error as &dyn std::error::Error, "an export failed");
    if last {
        return settle(state, export, exports::FAILED).await;
    }
    let again = state.clock.now() + RETRY.saturating_mul(export.attempts.unsigned_abs());
    Ok(exports::update_delayed(&state.pool, export.id(), again).await?)
}

async fn settle(state: &State, export: &Export, status: &str) -> Result<(), AuthError> {
    let now = state.clock.now();
    let mut transaction = state.begin().await?;
    let expires_at = now + state.exports.keep();
    let done = exports::update_done(&mut transaction, export.id(), status, now, expires_at).await?;
    if done && status == exports::READY {
        mail::queue(state, &mut transaction, export.user_id(), Template::ExportReady).await?;
    }
    state.commit(transaction).await?;
    if done {
        state.mail_queued.notify_one();
    } else {
        // The user was erased meanwhile: what was made of him goes too.
        state.objects.delete(&export.object_key).await?;
    }
    Ok(())
}

/// First the archive, then the row that says where it is.
async fn remove(state: &State) -> Result<(), AuthError> {
    for export in exports::list_expired(&state.pool, state.clock.now(), AT_ONCE).await? {
        state.objects.delete(&export.object_key).await?;
        exports::delete(&state.pool, export.id()).await?;
    }
    for key in exports::list_orphans(&state.pool, AT_ONCE).await? {
        state.objects.delete(&key).await?;
        exports::delete_orphan(&state.pool, &key).await?;
    }
    Ok(())
}
