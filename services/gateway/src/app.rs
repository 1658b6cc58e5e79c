//! Puts a gateway together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::ServiceConfig;
use colink_http::Fresh;
use colink_runtime::{Boot, Service, StartError};
use utoipa::OpenApi;

use crate::api_keys::ApiKeys;
use crate::config::Config;
use crate::domain::documents;
use crate::limits::Limiter;
use crate::metrics::EdgeMetrics;
use crate::provider_tokens::ProviderTokens;
use crate::routes;
use crate::state::{BodyRules, State};
use crate::upstreams::{self, Upstreams};

/// The gateway.
#[derive(Debug)]
pub struct Gateway;

#[derive(OpenApi)]
#[openapi(
    info(title = "gateway", description = "The public edge: what it answers itself."),
    paths(
        routes::document::get::get_document,
        routes::document::get_service::get_service_document,
        routes::health::get::get_fleet_health,
    )
)]
struct Document;

impl Service for Gateway {
    const NAME: &'static str = "gateway";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    const LIVE_PATH: &'static str = "ready";
    type Config = Config;
    type State = Arc<State>;

    fn openapi() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<Arc<State>, StartError> {
        let redis = boot.redis(&config.redis).await?;
        let metrics = EdgeMetrics::new(boot.metrics())?;
        let upstreams = Arc::new(Upstreams::new(config.upstreams.clone(), metrics.clone()));
        let life = boot.lifecycle();
        life.spawn("probe", upstreams::probe(Arc::clone(&upstreams), boot.http().clone(), life.soft()));
        let document = documents::merge(&documents::SERVICES)
            .map_err(StartError::setting_up("the aggregated document"))?;
        let auth = boot.peer("auth", &config.peers())?;
        Ok(Arc::new(State {
            clock: boot.clock(),
            started: Instant::now(),
            verifier: boot.verifier(&config.auth)?,
            api_keys: ApiKeys::new(auth.clone()),
            provider_tokens: ProviderTokens::new(auth, config.provider_tokens.issuers.clone()),
            limiter: Limiter::new(redis),
            limits: config.limits.clone(),
            upstreams,
            http: boot.http().clone(),
            health: Fresh::default(),
            body: BodyRules {
                bytes: config.server.body_limit,
                time: Duration::from_millis(config.server.body_timeout_ms),
            },
            trust_forwarded: config.server.trust_forwarded,
            document: document.to_string().into(),
            soft: boot.lifecycle().soft(),
            metrics,
            allowed_origins: Arc::new(config.cors.allowed_origins.clone()),
        }))
    }

    fn routes(routes: &mut ServiceConfig, state: &Arc<State>) {
        routes::configure(routes, &state.allowed_origins);
    }
}
