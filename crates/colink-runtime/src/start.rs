//! From a configuration to a listening service.

use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use colink_core::clock::{SharedClock, SystemClock};
use colink_http::server::{Base, bind, serve};
use tokio::runtime::Handle;

use crate::boot::Boot;
use crate::error::StartError;
use crate::lifecycle::Lifecycle;
use crate::running::Running;
use crate::schema;
use crate::service::{Sections, Service};

/// Starts `S`: binds, checks the schema, builds, serves. Must be called within a tokio runtime, on which the
/// background tasks run; requests run on threads of their own.
///
/// # Errors
/// [`StartError`] names what kept it from starting.
pub async fn start<S: Service>(config: S::Config) -> Result<Running, StartError> {
    start_in::<S>(config, SystemClock::shared(), Lifecycle::new(Handle::current())).await
}

/// [`start`] with the clock and the life cycle given.
///
/// # Errors
/// [`StartError`] names what kept it from starting; [`StartError::Stopped`] when `lifecycle` was asked to stop
/// meanwhile.
pub async fn start_in<S: Service>(
    config: S::Config,
    clock: SharedClock,
    lifecycle: Lifecycle,
) -> Result<Running, StartError> {
    let soft = lifecycle.soft();
    let started = tokio::select! {
        biased;
        () = soft.cancelled() => Err(StartError::Stopped),
        started = Box::pin(assemble::<S>(&config, clock, &lifecycle)) => started,
    };
    if started.is_err() {
        lifecycle.abort();
        lifecycle.tasks_ended().await;
    }
    started
}

async fn assemble<S: Service>(
    config: &S::Config,
    clock: SharedClock,
    lifecycle: &Lifecycle,
) -> Result<Running, StartError> {
    let http = config.server();
    let (listener, address) = bind(http).map_err(|source| StartError::Bind { address: http.bind, source })?;
    let mut boot = Boot::new(S::NAME, clock, lifecycle.clone())?;
    schema::gate::<S>(config, &mut boot).await?;
    let state = Data::new(S::build(config, &mut boot).await?);
    let base = Base::new(http, &boot.clock(), boot.metrics(), boot.health(), S::openapi())
        .map_err(StartError::setting_up("the HTTP server"))?;
    let provisions = boot.provisions();
    let routes = move |app: &mut ServiceConfig| {
        for provide in &provisions {
            provide(app);
        }
        app.app_data(state.clone());
        S::routes(app, &state);
    };
    let server =
        serve(listener, http, &base, routes).map_err(|source| StartError::Bind { address, source })?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    let budget = Duration::from_secs(http.shutdown_timeout_s);
    Ok(Running::supervise(address, lifecycle.clone(), server, budget))
}
