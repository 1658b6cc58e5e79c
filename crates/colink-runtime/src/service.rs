//! What a service tells the runtime about itself.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::future::Future;

use actix_web::web;
use colink_bus::KafkaConfig;
use colink_http::HttpConfig;
use colink_store::postgres::PostgresConfig;
use colink_telemetry::TelemetryConfig;
use serde::de::DeserializeOwned;
use sqlx::migrate::Migrator;

use crate::boot::Boot;
use crate::error::StartError;

/// One deployable service. Implemented once per service crate; [`crate::main`] does the rest.
pub trait Service: Sized + 'static {
    /// The name: of the binary, in logs and metrics, and in `COLINK_<NAME>__` variables. Lower case.
    const NAME: &'static str;

    /// The embedded, documented defaults: `include_str!("../config.toml")`. A section that is not in it does
    /// not exist for this service.
    const DEFAULTS: &'static str;

    /// The migrations of the service's Postgres schema: `Some(&sqlx::migrate!())` in a `static`.
    const MIGRATOR: Option<&'static Migrator> = None;

    /// What `healthcheck` asks to know that the process lives. The gateway's `/health` is about the fleet.
    const LIVE_PATH: &'static str = "health";

    /// What the binary can do besides what every service can; [`Self::run_command`] does it.
    const COMMANDS: &'static [ServiceCommand] = &[];

    /// The typed configuration. `Debug` must not show secrets: keep them in `secrecy::SecretString`.
    type Config: Sections + DeserializeOwned + Debug + Send + Sync + 'static;

    /// What handlers share. Handlers take it as `web::Data<State>`; the runtime registers it.
    type State: Send + Sync + 'static;

    /// The paths and schemas of the service; the runtime adds what every service has.
    fn openapi() -> utoipa::openapi::OpenApi;

    /// Connects what the service needs, starts its background tasks on `boot.lifecycle()`, and returns the
    /// state. Stores connect lazily: this must not fail because one of them is down.
    ///
    /// # Errors
    /// [`StartError`] ends the process with exit code 1 and this error's text.
    fn build(
        config: &Self::Config,
        boot: &mut Boot,
    ) -> impl Future<Output = Result<Self::State, StartError>> + Send;

    /// The URL table. `/health`, `/ready`, `/metrics`, `/openapi.json` and `/docs` are there already.
    fn routes(routes: &mut web::ServiceConfig, state: &Self::State);

    /// What `migrate` does after schema and topics: Mongo indexes, buckets. Must be repeatable.
    ///
    /// # Errors
    /// [`StartError`] fails `migrate`.
    fn prepare(config: &Self::Config) -> impl Future<Output = Result<(), StartError>> + Send {
        let _ = config;
        std::future::ready(Ok(()))
    }

    /// Does one of [`Self::COMMANDS`], and says what was done, for the operator.
    ///
    /// # Errors
    /// [`StartError`] ends the process with exit code 1 and this error's text.
    fn run_command(
        config: &Self::Config,
        name: &str,
        argument: Option<&OsStr>,
    ) -> impl Future<Output = Result<String, StartError>> + Send {
        let _ = (config, argument);
        std::future::ready(Err(StartError::NoCommand(name.to_owned())))
    }
}

/// A subcommand of one service.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCommand {
    /// What is typed.
    pub name: &'static str,
    /// What `--help` says.
    pub about: &'static str,
    /// The name of what must be typed behind it, if anything: a file, an address.
    pub argument: Option<&'static str>,
}

/// The sections of a configuration that the runtime itself reads. Those of stores a service does not have
/// stay `None`.
pub trait Sections {
    /// `[server]`.
    fn server(&self) -> &HttpConfig;

    /// `[telemetry]`.
    fn telemetry(&self) -> &TelemetryConfig;

    /// `[postgres]`: the database that `migrate` migrates and `serve` checks.
    fn postgres(&self) -> Option<&PostgresConfig> {
        None
    }

    /// `[kafka]`: the broker whose topics `migrate` makes.
    fn kafka(&self) -> Option<&KafkaConfig> {
        None
    }

    /// What types cannot say about the values: a range, two keys that contradict. Checked after reading; the
    /// first one is reported and stops the process.
    fn problems(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// A value that has the right type and is wrong all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key as a dotted path.
    pub key: &'static str,
    /// What is wrong, as the end of a sentence: `needs at least 8`. Never repeats a secret.
    pub problem: String,
}

impl Problem {
    /// Names a key and what is wrong with it.
    #[must_use]
    pub fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}
