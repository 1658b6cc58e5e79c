#![doc = include_str!("../README.md")]

mod administration;
mod api_keys;
mod app;
mod bots;
mod browser;
mod closing;
mod config;
mod consumers;
mod domain;
mod error;
mod export;
mod import;
mod jobs;
mod key_command;
mod keyring;
mod limits;
mod mail;
mod metrics;
mod new_device;
mod oidc;
mod passkeys;
mod password_change;
mod password_check;
mod passwords;
mod peers;
mod profile_change;
mod provider_tokens;
mod reauthentication;
mod renewal;
mod reseal;
mod revocation;
mod routes;
mod second_factor;
mod sign_in;
mod signed_in;
mod state;
mod store;
mod verification;
mod ways_in;

use std::path::Path;

use actix_web::web::ServiceConfig;
use colink_runtime::{Boot, Service, ServiceCommand, StartError};
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

    const COMMANDS: &'static [ServiceCommand] = &[
        ServiceCommand {
            name: reseal::NAME,
            about: "Have the service seal its stored secrets with the first key of `secrets.keys`, and wait for it",
            file: None,
        },
        ServiceCommand {
            name: key_command::NAME,
            about: "Make a new signing key; tokens of the old one stay valid until they end",
            file: None,
        },
        ServiceCommand {
            name: import::NAME,
            about: "Take over accounts of another system: one JSON object a line",
            file: Some("FILE"),
        },
    ];

    type Config = Config;
    type State = State;

    fn openapi() -> utoipa::openapi::OpenApi {
        routes::Document::openapi()
    }

    async fn build(config: &Config, boot: &mut Boot) -> Result<State, StartError> {
        app::build(config, boot).await
    }

    async fn run_command(config: &Config, name: &str, file: Option<&Path>) -> Result<String, StartError> {
        match (name, file) {
            (reseal::NAME, _) => reseal::command(config).await,
            (key_command::NAME, _) => key_command::command(config).await,
            (import::NAME, Some(file)) => import::command(config, file).await,
            (other, _) => Err(StartError::NoCommand(other.to_owned())),
        }
    }

    async fn prepare(config: &Config) -> Result<(), StartError> {
        app::prepare(config).await
    }

    fn routes(routes: &mut ServiceConfig, state: &State) {
        routes::configure(routes, state);
    }
}
