//! A service serves only a schema it knows (I-5).
//!
//! The schema is compared with the built-in migrations before the service is built. A difference ends the process.
//! A database that cannot be reached does not: the process stays up, not ready, and asks again until it knows.

use std::time::Duration;

use colink_store::postgres::{SchemaError, check_schema};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use tokio::time::sleep;

use crate::boot::Boot;
use crate::error::StartError;
use crate::lifecycle::BoxError;
use crate::service::{Sections, Service};

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Lets the start go on, or refuses the schema.
pub(crate) async fn gate<S: Service>(config: &S::Config, boot: &mut Boot) -> Result<(), StartError> {
    let (Some(migrator), Some(section)) = (S::MIGRATOR, config.postgres()) else { return Ok(()) };
    let pool = boot.postgres(section).await?;
    let admission = boot.require("schema");
    match check_schema(&pool, migrator).await {
        Ok(()) => admission.grant(),
        Err(SchemaError::Store(outage)) => {
            tracing::warn!(error = &outage as &dyn std::error::Error, "the schema is not checked yet");
            boot.lifecycle()
                .spawn("schema check", keep_asking(pool, migrator, admission, boot.lifecycle().soft()));
        }
        Err(difference) => return Err(StartError::Schema(difference)),
    }
    Ok(())
}

/// Ends well only with the process: a task that returns earlier would count as dead.
async fn keep_asking(
    pool: PgPool,
    migrator: &'static Migrator,
    admission: crate::boot::Requirement,
    stop: tokio_util::sync::CancellationToken,
) -> Result<(), BoxError> {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause) => {}
        }
        match check_schema(&pool, migrator).await {
            Ok(()) => break,
            Err(SchemaError::Store(_)) => pause = (pause * 2).min(LONGEST_PAUSE),
            Err(difference) => return Err(Box::new(difference)),
        }
    }
    tracing::info!("the schema is the one this build knows");
    admission.grant();
    stop.cancelled().await;
    Ok(())
}
