#![doc = include_str!("../README.md")]

mod config;
mod export;
mod fields;
mod init;
mod json;
mod level;
pub mod metrics;
pub mod trace;

pub use config::{LogFormat, TelemetryConfig, TelemetryError};
pub use init::{Guard, init};
pub use json::JsonLines;
pub use metrics::{Metrics, MetricsError};
