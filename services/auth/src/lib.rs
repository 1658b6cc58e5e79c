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
mod grant_command;
mod import;
mod jobs;
mod key_command;
mod keyring;
mod ledger;
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
mod role_change;
mod routes;
mod second_factor;
mod sign_in;
mod signed_in;
mod state;
mod store;
mod turned_away;
mod verification;
mod ways_in;

use std::ffi::OsStr;
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
            argument: None,
        },
        ServiceCommand {
            name: key_command::NAME,
            about: "Make a new signing key; tokens of the old one stay valid until they end",
            argument: None,
        },
        ServiceCommand {
            name: import::NAME,
            about: "Take over accounts of another system: one JSON object a line",
            argument: Some("FILE"),
        },
        ServiceCommand {
            name: grant_command::NAME,
            about: "Make the owner of a proven address an administrator of the installation",
            argument: Some("EMAIL"),
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

    async fn run_command(
        config: &Config,
        name: &str,
        argument: Option<&OsStr>,
    ) -> Result<String, StartError> {
        match (name, argument) {
            (reseal::NAME, _) => reseal::command(config).await,
            (key_command::NAME, _) => key_command::command(config).await,
            (import::NAME, Some(file)) => import::command(config, Path::new(file)).await,
            (grant_command::NAME, Some(address)) => grant_command::command(config, address).await,
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
