//! From configuration to a tracer provider that sends spans over OTLP/HTTP.
//!
//! Sending happens on the batch processor's own thread with a blocking client, so that neither an actix worker nor the
//! state of a tokio runtime at shutdown matters to it.

use std::time::Duration;

use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::{TelemetryConfig, TelemetryError};

const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// The provider for `config`, or `None` when no collector is configured.
pub(crate) fn tracer_provider(
    service: &'static str,
    config: &TelemetryConfig,
) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    if !(0.0..=1.0).contains(&config.sample_ratio) {
        return Err(TelemetryError::SampleRatio(config.sample_ratio));
    }
    let Some(endpoint) = config.otlp_endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()) else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces_url(endpoint)?)
        .with_timeout(SEND_TIMEOUT)
        .build()
        .map_err(TelemetryError::Exporter)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio))))
        .with_batch_exporter(exporter)
        .build();
    Ok(Some(provider))
}

/// The exporter uses a configured address as it is, so the standard path is added here when there is none.
fn traces_url(endpoint: &str) -> Result<String, TelemetryError> {
    let rest = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    let rest = rest.ok_or_else(|| TelemetryError::Endpoint(endpoint.to_owned()))?;
    let has_path = rest.split_once('/').is_some_and(|(_, path)| !path.is_empty());
    Ok(if has_path { endpoint.to_owned() } else { format!("{}/v1/traces", endpoint.trim_end_matches('/')) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_standard_one() {
        assert_eq!(traces_url("http://c:4318").unwrap(), "http://c:4318/v1/traces");
        assert_eq!(traces_url("http://c:4318/").unwrap(), "http://c:4318/v1/traces");
        assert_eq!(traces_url("https://c/otlp/v1/traces").unwrap(), "https://c/otlp/v1/traces");
        assert!(traces_url("c:4318").is_err());
    }

    #[test]
    fn a_ratio_outside_the_unit_interval_is_refused() {
        for sample_ratio in [-0.1, 1.1, f64::NAN] {
            let config = TelemetryConfig { sample_ratio, ..TelemetryConfig::default() };
            assert!(matches!(tracer_provider("test", &config), Err(TelemetryError::SampleRatio(_))));
        }
    }

    #[test]
    fn no_collector_means_no_provider() {
        let config = TelemetryConfig { otlp_endpoint: Some(String::new()), ..TelemetryConfig::default() };
        assert!(tracer_provider("test", &config).unwrap().is_none());
    }
}
