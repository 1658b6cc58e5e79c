//! Why a process did not start, or did not end well.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use colink_bus::BusError;
use colink_store::StoreError;
use colink_store::postgres::SchemaError;
use colink_telemetry::MetricsError;

use crate::lifecycle::BoxError;

/// Why a service did not start. `Display` is one sentence; causes are in `source()`.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `server.bind` is taken or not ours.
    #[error("cannot listen on {address}: is another process there? Change `server.bind` or stop it")]
    Bind {
        /// `server.bind`.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The database has a schema this binary does not know.
    #[error("the database schema does not fit this build")]
    Schema(#[source] SchemaError),
    /// The process was asked to stop, or a task died, before the service was built.
    #[error("stopped before the service had started")]
    Stopped,
    /// A command of [`Service::COMMANDS`](crate::Service::COMMANDS) that nothing does.
    #[error("`{0}` does nothing")]
    NoCommand(String),
    /// A command of the service failed.
    #[error("{what} failed")]
    Command {
        /// What it is, in words: `sealing anew`.
        what: &'static str,
        /// Why.
        source: BoxError,
    },
    /// Something the service needs could not be set up.
    #[error("cannot set up {what}")]
    Setup {
        /// What it is, in words: `the signing keys`.
        what: &'static str,
        /// Why.
        source: BoxError,
    },
}

impl StartError {
    /// For `map_err`: `.map_err(StartError::setting_up("the signing keys"))`.
    pub fn setting_up<E: Into<BoxError>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Setup { what, source: source.into() }
    }
}

impl StartError {
    /// For `map_err`: `.map_err(StartError::running("sealing anew"))`.
    pub fn running<E: Into<BoxError>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Command { what, source: source.into() }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self::Setup { what: error.store(), source: Box::new(error) }
    }
}

impl From<BusError> for StartError {
    fn from(error: BusError) -> Self {
        Self::Setup { what: "kafka", source: Box::new(error) }
    }
}

impl From<MetricsError> for StartError {
    fn from(error: MetricsError) -> Self {
        Self::Setup { what: "metrics", source: Box::new(error) }
    }
}

/// Why a service that was running ended with a failure.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The HTTP server gave up.
    #[error("the HTTP server failed")]
    Server(#[source] io::Error),
    /// A background task died; the text names it.
    #[error("{0}")]
    Task(String),
}

/// An error with its causes, in one line: for the last words of a process.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
