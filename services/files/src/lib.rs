#![doc = include_str!("../README.md")]

mod access;
mod app;
mod config;
mod consumers;
mod domain;
mod error;
mod inspect;
mod jobs;
mod metrics;
mod routes;
mod state;
mod store;
mod view;

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, StartError};
use utoipa::OpenApi;

pub use config::{Config, FilesConfig};
pub use state::State;

/// The files service.
#[derive(Debug, Clone, Copy)]
pub struct Files;

impl Service for Files {
    const NAME: &'static str = "files";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        routes::Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        app::build(config, boot).await
    }

    fn routes(routes: &mut ServiceConfig, state: &State) {
        routes::configure(routes, state);
    }

    async fn prepare(config: &Config) -> Result<(), StartError> {
        app::prepare(config).await
    }
}
