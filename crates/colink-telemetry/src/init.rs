//! Installing the subscriber, and flushing it at the end.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

use crate::level::LogLevel;
use crate::{JsonLines, LogFormat, TelemetryConfig, TelemetryError, export};

const DROP_DEADLINE: Duration = Duration::from_secs(5);

/// Installs logs and traces for this process.
///
/// When a subscriber is there already (several services in one test process) the first one stays, nothing is exported
/// twice, and [`Guard::installed`] says `false`.
///
/// # Errors
/// A value of the configuration that cannot be used; its key is named.
pub fn init(service: &'static str, config: &TelemetryConfig) -> Result<Guard, TelemetryError> {
    let level = LogLevel::parse(&config.log_level)?;
    let provider = export::tracer_provider(service, config)?;
    let subscriber = Registry::default()
        .with(level)
        .with(provider.as_ref().map(|provider| spans(provider, service)))
        .with(lines(service, config.log_format));
    let installed = tracing::subscriber::set_global_default(subscriber).is_ok();
    Ok(Guard { provider, installed })
}

/// Spans as OpenTelemetry knows them; file, line and thread of each span would only add weight.
fn spans<S>(
    provider: &SdkTracerProvider,
    service: &'static str,
) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    OpenTelemetryLayer::new(provider.tracer(service)).with_location(false).with_threads(false)
}

fn lines<S>(service: &'static str, format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    match format {
        LogFormat::Json => JsonLines::new(service, std::io::stdout).boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer().boxed(),
    }
}

/// Keeps telemetry running; sends queued spans when it goes.
#[must_use = "dropping the guard stops the export of spans"]
#[derive(Debug)]
pub struct Guard {
    provider: Option<SdkTracerProvider>,
    installed: bool,
}

impl Guard {
    /// Whether this call installed the subscriber, or found one.
    #[must_use]
    pub fn installed(&self) -> bool {
        self.installed
    }

    /// Sends what is queued and stops. Blocks the calling thread for at most `deadline`.
    ///
    /// # Errors
    /// [`TelemetryError::Flush`] when spans were left over.
    pub fn shutdown(mut self, deadline: Duration) -> Result<(), TelemetryError> {
        match self.provider.take() {
            Some(provider) => provider.shutdown_with_timeout(deadline).map_err(TelemetryError::Flush),
            None => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(provider) = self.provider.take() else { return };
        if let Err(error) = provider.shutdown_with_timeout(DROP_DEADLINE) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last spans could not be sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread::JoinHandle;

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const LINKED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// Accepts one request and answers 200; gives back its head and body.
    fn collector() -> (String, JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let handle = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            request
        });
        (address, handle)
    }

    fn read_request(stream: &mut TcpStream) -> Vec<u8> {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = stream.read(&mut buffer).unwrap();
            request.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.unwrap().parse().unwrap();
            let start = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            if request.len() >= start + length {
                return request;
            }
        }
    }

    fn contains(haystack: &[u8], needle: &[u8]) -> bool {
        haystack.windows(needle.len()).any(|window| window == needle)
    }

    /// O-2: a span reaches the collector as part of the trace that came in, also where few lines are logged, and the next hop gets
    /// the same trace. A span of several causes names each.
    #[test]
    fn spans_reach_the_collector_in_the_trace_that_came_in() {
        let (endpoint, received) = collector();
        let config = TelemetryConfig { otlp_endpoint: Some(endpoint), ..TelemetryConfig::default() };
        let provider = export::tracer_provider("test-service", &config).unwrap().unwrap();
        let level = LogLevel::parse("warn").unwrap();
        let subscriber = Registry::default().with(level).with(Some(spans(&provider, "test-service")));
        let onward = tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("post message");
            crate::trace::set_parent(&span, Some(PARENT));
            crate::trace::add_link(&span, Some(LINKED));
            span.in_scope(|| crate::trace::current_traceparent().unwrap())
        });
        assert_eq!(&onward[..36], &PARENT[..36], "same trace");
        assert_ne!(onward, PARENT, "another span");

        Guard { provider: Some(provider), installed: true }.shutdown(Duration::from_secs(5)).unwrap();
        let request = received.join().unwrap();
        assert!(request.starts_with(b"POST /v1/traces "));
        assert!(contains(&request, b"post message"));
        assert!(contains(&request, b"test-service"));
        for trace_id in
            [0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736]
        {
            assert!(contains(&request, &trace_id.to_be_bytes()));
        }
    }

    #[test]
    fn a_collector_that_is_down_costs_no_more_than_the_deadline() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config =
            TelemetryConfig { otlp_endpoint: Some(format!("http://{closed}")), ..TelemetryConfig::default() };
        let provider = export::tracer_provider("test-service", &config).unwrap().unwrap();
        let subscriber = Registry::default().with(spans(&provider, "test-service"));
        tracing::subscriber::with_default(subscriber, || tracing::info_span!("lost").in_scope(|| {}));
        let started = std::time::Instant::now();
        drop(Guard { provider: Some(provider), installed: true });
        assert!(started.elapsed() < DROP_DEADLINE + Duration::from_secs(1));
    }
}
