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

/// Runs until cancelled. A failure is logged and tried again at the next time.
pub(crate) async fn run(pool: PgPool, cancel: CancellationToken) {
    loop {
        if let Err(error) = once(&pool).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "erased users could not be taken out everywhere; it is tried again"
            );
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn once(pool: &PgPool) -> Result<(), UserError> {
    for (user, former) in erasure::list(pool).await? {
        erase(pool, user, &former).await?;
        tracing::info!(user_id = %user, "an erased user was taken out of messages and log");
    }
    Ok(())
}

async fn erase(pool: &PgPool, user: UserId, former: &str) -> Result<(), UserError> {
    let author = serde_json::to_string(&erased_author(user))?;
    let mut after = Uuid::nil();
    while let Some(last) = erasure::update_own(pool, user, &author, after).await? {
        after = last;
    }
    if former == UserErased::username(user) {
        return Ok(erasure::delete_traces(pool, user).await?);
    }
    let renaming = Renaming::of(user, former);
    let mut after = (Uuid::nil(), i64::MIN);
    while let Some(last) = erasure::update_mentioning(pool, user, &renaming, after).await? {
        after = last;
    }
    while erasure::update_left_over(pool, &renaming).await? > 0 {}
    Ok(erasure::delete_traces(pool, user).await?)
}
