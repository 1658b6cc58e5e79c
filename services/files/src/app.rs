//! Puts the service together and starts its background tasks.

use std::sync::Arc;
use std::time::Duration;

use colink_auth::TokenIdentity;
use colink_http::idempotency::{Idempotency, MongoIdempotency};
use colink_runtime::{Boot, StartError};
use colink_store::mongo;
use colink_store::s3::ObjectStore;
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;
use crate::consumers;
use crate::domain::rules::Rules;
use crate::inspect;
use crate::jobs::relay_events::Relay;
use crate::jobs::{expire_uploads, purge_keys, remove_objects};
use crate::metrics::FilesMetrics;
use crate::state::State;
use crate::store::bypasses::BypassStore;
use crate::store::files::FileStore;

/// Connects and starts everything.
///
/// # Errors
/// When a client cannot be set up. Stores and broker may be down.
pub(crate) async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
    let database = boot.mongo(&config.mongo).await?;
    let redis = boot.redis(&config.redis).await?;
    let producer = boot.producer(&config.kafka)?;
    let identity = boot.identity(&config.auth, &config.internal, Some(&redis))?;
    let keys = Arc::new(MongoIdempotency::new(&database));
    let identify = Arc::new(TokenIdentity(identity.authenticator));
    let state = State {
        clock: boot.clock(),
        rules: Arc::new(Rules::of(&config.files).map_err(StartError::setting_up("files.allowed_types"))?),
        files: FileStore::new(&database),
        bypasses: BypassStore::new(&database),
        objects: boot.s3(&config.s3).await?,
        reading: Arc::new(Semaphore::new(inspect::AT_ONCE)),
        channels: boot.peer("channels", &config.internal)?,
        wake: Arc::new(Notify::new()),
        metrics: FilesMetrics::new(boot.metrics())?,
        idempotency: Idempotency::new(keys.clone(), identify, boot.clock()),
    };
    let consumer = consumers::consumer(&state, &config.kafka, &producer, boot.metrics())?;
    let relay = Relay {
        sources: [state.files.pending_events(), state.bypasses.pending_events()],
        producer,
        mirror: config.kafka.mirror,
        clock: boot.clock(),
        wake: Arc::clone(&state.wake),
        poll: Duration::from_millis(config.files.relay_poll_ms),
        metrics: state.metrics.clone(),
    };
    let every = Duration::from_millis(config.files.sweep_every_ms);
    let life = boot.lifecycle();
    // The relay outlives the last request: what it wrote still goes out.
    life.spawn("event relay", relay.run(life.drained()));
    life.spawn("user events", consumer.run(life.soft()));
    life.spawn("expire uploads", expire_uploads::run(state.clone(), every, life.soft()));
    life.spawn("remove objects", remove_objects::run(state.clone(), every, life.soft()));
    life.spawn("purge keys", purge_keys::run(keys, boot.clock(), every, life.soft()));
    Ok(state)
}

/// Makes indexes and bucket; repeatable.
///
/// # Errors
/// When a store is down or refuses.
pub(crate) async fn prepare(config: &Config) -> Result<(), StartError> {
    let database = mongo::connect(&config.mongo).await?;
    FileStore::new(&database).ensure_indexes().await?;
    BypassStore::new(&database).ensure_indexes().await?;
    MongoIdempotency::new(&database).ensure_indexes().await?;
    ObjectStore::connect(&config.s3).await?.ensure_bucket().await?;
    Ok(())
}
