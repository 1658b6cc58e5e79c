#![doc = include_str!("../README.md")]

mod access;
mod app;
mod config;
mod consumers;
mod domain;
mod error;
mod jobs;
mod metrics;
mod routes;
mod sending;
mod state;
mod store;
mod thread_events;
mod view;

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, StartError};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

pub use config::{Config, MessagingConfig};
pub use state::State;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The messaging service.
#[derive(Debug, Clone, Copy)]
pub struct Messaging;

impl Service for Messaging {
    const NAME: &'static str = "messaging";
    const DEFAULTS: &'static str = include_str!("../config.toml");
    const MIGRATOR: Option<&'static Migrator> = Some(&MIGRATOR);
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
}
