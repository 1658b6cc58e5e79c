//! Puts the service together.

use colink_runtime::{Boot, StartError};
use colink_store::mongo;

use crate::config::Config;
use crate::consumers;
use crate::metrics::AdminMetrics;
use crate::state::State;
use crate::store::audit_log::AuditLog;

/// Connects and starts everything.
///
/// # Errors
/// When a client cannot be set up. Stores and broker may be down.
pub(crate) async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
    let database = boot.mongo(&config.mongo).await?;
    let redis = boot.redis(&config.redis).await?;
    let producer = boot.producer(&config.kafka)?;
    boot.identity(&config.auth, &config.internal, Some(&redis))?;
    let state = State {
        log: AuditLog::new(&database),
        metrics: AdminMetrics::new(boot.metrics())?,
        window: config.audit.window,
    };
    let consumer = consumers::audit(&state, config, &producer, boot.metrics())?;
    let life = boot.lifecycle();
    life.spawn("audit", consumer.run(life.soft()));
    Ok(state)
}

/// Makes the indexes of the log.
///
/// # Errors
/// When MongoDB cannot be reached or refuses.
pub(crate) async fn prepare(config: &Config) -> Result<(), StartError> {
    let database = mongo::connect(&config.mongo).await?;
    Ok(AuditLog::new(&database).ensure_indexes().await?)
}
