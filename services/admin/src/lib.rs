#![doc = include_str!("../README.md")]

mod app;
mod config;
mod consumers;
mod domain;
mod error;
mod metrics;
mod routes;
mod state;
mod store;

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, StartError};
use utoipa::OpenApi;

pub use config::{AuditConfig, Config};
pub use state::State;

/// The admin service.
#[derive(Debug, Clone, Copy)]
pub struct Admin;

impl Service for Admin {
    const NAME: &'static str = "admin";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        routes::Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        app::build(config, boot).await
    }

    fn routes(routes: &mut ServiceConfig, _: &State) {
        routes::configure(routes);
    }

    async fn prepare(config: &Config) -> Result<(), StartError> {
        app::prepare(config).await
    }
}
