#![doc = include_str!("../README.md")]

mod app;
mod config;
mod domain;
mod error;
mod jobs;
mod keyring;
mod limits;
mod mail;
mod metrics;
mod passwords;
mod revocation;
mod routes;
mod sign_in;
mod state;
mod store;

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, StartError};
use sqlx::migrate::Migrator;
use utoipa::OpenApi;

pub use config::Config;
pub use state::State;

static MIGRATOR: Migrator = sqlx::migrate!();

/// The auth service.
#[derive(Debug)]
pub struct Auth;

impl Service for Auth {
    const NAME: &'static str = "auth";
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
