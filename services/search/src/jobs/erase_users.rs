//! Takes the former names of erased users out of the messages that mention them.
//!
//! Profiles are anonymous as soon as `user.erased` is handled, so nobody waits for this. It goes page by page and goes on
//! after a crash. Several replicas may run it at once: erasing twice erases once.

use std::time::Duration;

use colink_events::users::UserErased;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::store::erasure;

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

async fn once(pool: &PgPool) -> Result<(), sqlx::Error> {
    for (user, former) in erasure::list(pool).await? {
        // A name that is the alias already needs no renaming, which would never end.
        let differs = former != UserErased::username(user);
        while differs && erasure::update_mentioning(pool, user, &former).await? > 0 {}
        erasure::delete_former(pool, user).await?;
    }
    Ok(())
}
