//! Puts the service together.

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use colink_auth::TokenIdentity;
use colink_http::idempotency::{Idempotency, IdempotencyStore, PostgresIdempotency};
use colink_runtime::{Boot, Service, StartError};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

use crate::change::Means;
use crate::config::Config;
use crate::jobs::purge_idempotency_keys;
use crate::metrics::ChannelsMetrics;
use crate::peers::Peers;
use crate::state::State;
use crate::{consumers, routes};

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!();

/// The channels service.
#[derive(Debug)]
pub struct Channels;

impl Service for Channels {
    const NAME: &'static str = "channels";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    const MIGRATOR: Option<&'static Migrator> = Some(&MIGRATOR);
    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        routes::Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        let pool = boot.postgres(&config.postgres).await?;
        let redis = boot.redis(&config.redis).await?;
        let identity = boot.identity(&config.auth, &config.internal, Some(&redis))?;
        let producer = boot.producer(&config.kafka)?;
        let relay = boot.relay(&pool, &producer);
        let metrics = ChannelsMetrics::new(boot.metrics())?;
        let means =
            Means { pool: pool.clone(), clock: boot.clock(), relay: relay.clone(), metrics: metrics.clone() };
        let consumer = consumers::consumer(&config.kafka, &producer, boot.metrics(), means)?;
        let keys: Arc<dyn IdempotencyStore> = Arc::new(PostgresIdempotency::new(pool.clone()));
        let callers = Arc::new(TokenIdentity(identity.authenticator));
        let life = boot.lifecycle();
        life.spawn("user events", consumer.run(life.soft()));
        let purge =
            purge_idempotency_keys::run(Arc::clone(&keys), boot.clock(), metrics.clone(), life.soft());
        life.spawn("purge idempotency keys", purge);
        Ok(State {
            pool,
            clock: boot.clock(),
            relay,
            metrics,
            workspaces: config.workspaces.clone(),
            invites: config.invites.clone(),
            peers: Peers::new(boot, &config.internal)?,
            idempotency: Idempotency::new(keys, callers, boot.clock()),
        })
    }

    fn routes(routes: &mut ServiceConfig, state: &State) {
        routes::configure(routes, &state.idempotency);
    }
}
