//! What each subcommand does.

use std::ffi::OsStr;
use std::future::Future;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_telemetry::Guard;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::cli::Failure;
use crate::config::Loaded;
use crate::error::{StartError, chain};
use crate::lifecycle::Lifecycle;
use crate::memory::allow_huge_pages;
use crate::migrate::migrate as bring_up_to_date;
use crate::service::{Sections, Service};
use crate::start::start_in;

const FLUSH_BUDGET: Duration = Duration::from_secs(2);
const HEALTH_BUDGET: Duration = Duration::from_secs(3);

/// Serves until it is told to stop.
pub(crate) fn serve<S: Service>(config: S::Config) -> Result<(), Failure> {
    let telemetry = telemetry::<S>(&config)?;
    allow_huge_pages(config.server().huge_pages);
    let outcome = within(async {
        let lifecycle = Lifecycle::new(Handle::current());
        lifecycle.obey_signals().map_err(|error| failed("cannot watch for signals", &error))?;
        match start_in::<S>(config, SystemClock::shared(), lifecycle.clone()).await {
            Ok(running) => running.wait().await.map_err(|error| Failure::Failed(chain(&error))),
            Err(StartError::Stopped) => match lifecycle.failure() {
                Some(failure) => Err(Failure::Failed(failure.to_string())),
                None => Ok(()),
            },
            Err(error) => Err(Failure::Failed(chain(&error))),
        }
    });
    if let Err(Failure::Failed(sentence)) = &outcome {
        tracing::error!("{sentence}");
    }
    flush(telemetry);
    outcome
}

/// Brings the stores up to date.
pub(crate) fn migrate<S: Service>(config: S::Config) -> Result<(), Failure> {
    let telemetry = telemetry::<S>(&config)?;
    let outcome = within(async {
        bring_up_to_date::<S>(&config).await.map_err(|error| Failure::Failed(chain(&error)))
    });
    flush(telemetry);
    outcome
}

/// Does what only this service can.
pub(crate) fn own<S: Service>(
    config: S::Config,
    name: &str,
    argument: Option<&OsStr>,
) -> Result<(), Failure> {
    let telemetry = telemetry::<S>(&config)?;
    let outcome = within(async {
        let done = S::run_command(&config, name, argument).await;
        print(&done.map_err(|error| Failure::Failed(chain(&error)))?)
    });
    flush(telemetry);
    outcome
}

/// Prints the OpenAPI document, as it is checked in.
pub(crate) fn openapi<S: Service>() -> Result<(), Failure> {
    let document = crate::openapi::<S>().map_err(|error| failed("the document has no JSON form", &error))?;
    print(&document)
}

/// Prints the effective configuration.
pub(crate) fn check_config<S: Service>(loaded: &Loaded<S::Config>) -> Result<(), Failure> {
    print(&loaded.render())
}

/// Asks the running service how it is.
pub(crate) fn healthcheck<S: Service>(config: &S::Config, ready: bool) -> Result<(), Failure> {
    let address = reachable(config.server().bind);
    let path = if ready { "ready" } else { S::LIVE_PATH };
    let url = format!("http://{address}/{path}");
    within(async {
        let client = reqwest::Client::builder()
            .timeout(HEALTH_BUDGET)
            .no_proxy()
            .build()
            .map_err(|error| failed("no HTTP client", &error))?;
        let answer = client.get(&url).send().await.map_err(|error| failed("not healthy", &error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Failure::Failed(format!("{url} answered {}", answer.status())))
    })
}

/// A service that binds to every address is asked on this machine's own.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

fn telemetry<S: Service>(config: &S::Config) -> Result<Guard, Failure> {
    let guard = colink_telemetry::init(S::NAME, config.telemetry())
        .map_err(|error| Failure::Refused(chain(&error)))?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panic: {}", panic.payload_as_str().unwrap_or("without a text"));
    }));
    Ok(guard)
}

fn flush(telemetry: Guard) {
    if let Err(error) = telemetry.shutdown(FLUSH_BUDGET) {
        tracing::warn!(error = &error as &dyn std::error::Error, "the last spans are lost");
    }
}

/// Runs `work` on a runtime of its own. A thread that blocks cannot hold the end of the process up.
fn within(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime: Runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("cannot start a runtime", &error))?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).map_err(|error| failed("cannot write the output", &error))
}

fn failed(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::Failed(format!("{what}: {}", chain(error)))
}
