//! Takes erased users out of what was written about them and by them.
//!
//! The profile itself is anonymous as soon as `user.erased` is handled, so nobody waits for this. It goes page by page and
//! begins anew after a crash. Several replicas may run it at once: erasing twice erases once.

use std::time::Duration;

use colink_core::id::UserId;
use colink_events::users::UserErased;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::erasure::{self, Renaming};
use crate::store::users::{UserError, erased_author};

/// How often erased users are looked for; an index with nobody in it answers.
const EVERY: Duration = Duration::from_secs(1);

/// The pause after a failure: trying again reads much of the database.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(pool: PgPool, cancel: CancellationToken) {
    loop {
        let wait = match cancel.run_until_cancelled(once(&pool)).await {
            None => return,
            Some(true) => EVERY,
            Some(false) => AFTER_FAILURE,
        };
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Takes out all that are erased, one who fails no less than those behind him. Answers whether all are out.
async fn once(pool: &PgPool) -> bool {
    let erased = match erasure::list(pool).await {
        Ok(erased) => erased,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "erased users could not be looked for");
            return false;
        }
    };
    let mut all = true;
    for (user, former) in erased {
        match erase(pool, user, &former).await {
            Ok(()) => tracing::info!(user_id = %user, "an erased user was taken out of messages and log"),
            Err(error) => {
                all = false;
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    user_id = %user,
                    "an erased user could not be taken out everywhere; it is tried again"
                );
            }
        }
    }
    all
}

async fn erase(pool: &PgPool, user: UserId, former: &str) -> Result<(), UserError> {
    let author = serde_json::to_string(&erased_author(user))?;
    let renaming = Renaming::of(user, former);
    let mut after = Uuid::nil();
    while let Some(last) = erasure::update_own(pool, user, &author, &renaming, after).await? {
        after = last;
    }
    if former != UserErased::username(user) {
        rename(pool, user, &renaming).await?;
    }
    Ok(erasure::delete_traces(pool, user).await?)
}

/// Renames him in what others wrote. What mentions him comes first: it may be edited or deleted meanwhile, and is found
/// among the earlier wordings and the deleted ones then. Those are read from end to end, once in the life of a user.
async fn rename(pool: &PgPool, user: UserId, renaming: &Renaming) -> Result<(), sqlx::Error> {
    let mut after = (Uuid::nil(), i64::MIN);
    while let Some(last) = erasure::update_mentioning(pool, user, renaming, after).await? {
        after = last;
    }
    let mut after = Uuid::nil();
    while let Some(last) = erasure::update_deleted(pool, renaming, after).await? {
        after = last;
    }
    let mut after = (Uuid::nil(), i64::MIN);
    while let Some(last) = erasure::update_edited(pool, renaming, after).await? {
        after = last;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
