//! `migrate`: everything a service needs in its stores before it may serve. Repeatable, and run by a job.

use colink_store::postgres;

use crate::error::StartError;
use crate::service::{Sections, Service};

/// Applies the migrations, makes the topics, and lets the service prepare what is its own.
///
/// # Errors
/// The first step that failed; what was done before it stays and is skipped next time.
pub async fn migrate<S: Service>(config: &S::Config) -> Result<(), StartError> {
    if let (Some(migrator), Some(section)) = (S::MIGRATOR, config.postgres()) {
        let pool = postgres::connect(section, S::NAME).await?;
        postgres::migrate(&pool, migrator).await.map_err(StartError::Schema)?;
        pool.close().await;
        tracing::info!(migrations = migrator.iter().count(), "the schema is up to date");
    }
    if let Some(kafka) = config.kafka() {
        colink_bus::ensure_topics(kafka).await?;
        tracing::info!("the topics are there");
    }
    S::prepare(config).await
}
