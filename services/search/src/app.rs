//! Puts the service together and starts its consumer.

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, StartError};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

use crate::config::Config;
use crate::metrics::SearchMetrics;
use crate::state::State;
use crate::{consumers, jobs, routes};

pub(crate) static MIGRATOR: Migrator = sqlx::migrate!();

/// The search service.
#[derive(Debug, Clone, Copy)]
pub struct Search;

impl Service for Search {
    const NAME: &'static str = "search";
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
        let producer = boot.producer(&config.kafka)?;
        boot.identity(&config.auth, &config.internal, Some(&redis))?;
        let metrics = SearchMetrics::new(boot.metrics())?;
        let state =
            State { pool, channels: boot.peer("channels", &config.internal)?, metrics, clock: boot.clock() };
        let consumer = consumers::index(&state, config, &producer, boot.metrics())?;
        let life = boot.lifecycle();
        life.spawn("index", consumer.run(life.soft()));
        life.spawn("erase users", jobs::erase_users::run(state.clone(), life.soft()));
        Ok(state)
    }

    fn routes(routes: &mut ServiceConfig, _state: &State) {
        routes::configure(routes);
    }
}
