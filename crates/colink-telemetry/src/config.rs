//! What an operator may choose about logs and traces.

use serde::Deserialize;

/// The `[telemetry]` section. Every key has a default; an unknown key is an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// A level (`info`) or a list of directives (`info,sqlx=warn`), as `tracing_subscriber::EnvFilter` reads it. The system's own
    /// spans are there at any level: lines take their ids from them.
    pub log_level: String,
    /// The shape of a log line.
    pub log_format: LogFormat,
    /// The collector's OTLP/HTTP address, e.g. `http://collector:4318`; without a path, `/v1/traces` is added.
    /// Absent or empty: no spans are recorded.
    pub otlp_endpoint: Option<String>,
    /// The share of new traces that is recorded, 0.0 to 1.0. A trace that came in keeps its sender's decision.
    pub sample_ratio: f64,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            log_level: "info".to_owned(),
            log_format: LogFormat::Json,
            otlp_endpoint: None,
            sample_ratio: 1.0,
        }
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Text,
}

/// Why telemetry could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log_level` cannot be read.
    #[error("telemetry.log_level is not a level or a list of directives such as `info,sqlx=warn`")]
    LogLevel(#[source] tracing_subscriber::filter::ParseError),
    /// `telemetry.sample_ratio` is out of range.
    #[error("telemetry.sample_ratio is {0}; it must be between 0.0 and 1.0")]
    SampleRatio(f64),
    /// `telemetry.otlp_endpoint` is not an HTTP address.
    #[error("telemetry.otlp_endpoint is `{0}`; it must begin with http:// or https://")]
    Endpoint(String),
    /// The exporter could not be made.
    #[error("the OTLP exporter could not be made")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
    /// Spans that were still queued could not be sent in time.
    #[error("the last spans could not be sent")]
    Flush(#[source] opentelemetry_sdk::error::OTelSdkError),
}
