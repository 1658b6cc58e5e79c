//! Puts the service together and starts its background tasks.

use std::sync::Arc;

use colink_auth::TokenIdentity;
use colink_bus::log_relay::LogRelayConfig;
use colink_bus::outbox::{Relay, RelayConfig};
use colink_bus::{LogRelay, Producer};
use colink_http::idempotency::{Idempotency, PostgresIdempotency};
use colink_runtime::{Boot, StartError};
use colink_store::postgres::OwnConnections;
use sqlx::PgPool;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::sending::lanes::Lanes;
use crate::state::State;
use crate::store::log::PgLog;
use crate::{consumers, jobs};

/// Connects and starts everything.
///
/// # Errors
/// When a client cannot be set up. Stores and broker may be down.
pub(crate) async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
    let pool = boot.postgres(&config.postgres).await?;
    let redis = boot.redis(&config.redis).await?;
    let producer = boot.producer(&config.kafka)?;
    let identity = boot.identity(&config.auth, &config.internal, Some(&redis))?;
    let auth = config.internal.url_of("auth").map(|_| boot.peer("auth", &config.internal)).transpose()?;
    let identify = Arc::new(TokenIdentity(identity.authenticator));
    let keys = Arc::new(PostgresIdempotency::new(pool.clone()));
    let (relay, handle) =
        LogRelay::new(PgLog(pool.clone()), pool.clone(), producer.clone(), LogRelayConfig::default());
    let outbox = Relay::new(pool.clone(), producer.clone(), RelayConfig::default());
    let metrics = Metrics::new(boot.metrics())?;
    let connections = OwnConnections::new(&config.postgres, boot.service())?;
    let state = State {
        pool: pool.clone(),
        clock: boot.clock(),
        rules: config.messaging,
        relay: handle,
        outbox: outbox.handle(),
        channels: boot.peer("channels", &config.internal)?,
        auth,
        lanes: Lanes::new(connections, boot.lifecycle().clone(), metrics.clone()),
        metrics,
        idempotency: Idempotency::new(keys.clone(), identify, boot.clock()),
        keys,
    };
    let life = boot.lifecycle();
    // Relays outlive the last request: what it wrote still goes out.
    life.spawn("log relay", relay.run(life.drained()));
    life.spawn("outbox relay", outbox.run(life.drained()));
    life.spawn("housekeeping", jobs::housekeeping::run(state.clone(), life.soft()));
    life.spawn("erase users", jobs::erase_users::run(pool.clone(), life.soft()));
    spawn_consumer(config, boot, pool, &producer)?;
    Ok(state)
}

fn spawn_consumer(config: &Config, boot: &Boot, pool: PgPool, producer: &Producer) -> Result<(), StartError> {
    let consumer = consumers::projections(pool, &config.kafka, producer, boot.metrics())?;
    let life = boot.lifecycle();
    life.spawn("projections", consumer.run(life.soft()));
    Ok(())
}
