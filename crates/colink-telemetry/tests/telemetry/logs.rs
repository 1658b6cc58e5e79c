use std::io::Write;
use std::sync::{Arc, Mutex};

use colink_telemetry::{JsonLines, LogFormat, TelemetryConfig, trace};
use serde_json::Value;
use tracing::field::Empty;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs `body` under the JSON layer and gives back its lines.
fn lines_of(body: impl FnOnce()) -> Vec<Value> {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = Registry::default().with(JsonLines::new("messaging", move || writer.clone()));
    tracing::subscriber::with_default(subscriber, body);
    let bytes = captured.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

/// O-3
#[test]
fn a_line_has_the_agreed_keys() {
    let lines = lines_of(|| {
        let span = tracing::info_span!("request", request_id = "req-1", route = "/channels/{id}");
        trace::set_parent(&span, Some(PARENT));
        span.in_scope(|| tracing::info!(status = 201, took_ms = 1.5, "answered \"ok\""));
    });
    let line = &lines[0];
    assert_eq!(lines.len(), 1);
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["service"], "messaging");
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(line["request_id"], "req-1");
    assert_eq!(line["target"], "telemetry::logs");
    assert_eq!(line["message"], "answered \"ok\"");
    assert_eq!(line["status"], 201);
    assert_eq!(line["took_ms"], 1.5);
    assert_eq!(line["route"], "/channels/{id}");
    let timestamp = line["timestamp"].as_str().unwrap();
    assert_eq!(timestamp.len(), "2024-01-01T00:00:00.000Z".len());
    assert!(chrono::DateTime::parse_from_rfc3339(timestamp).is_ok());
}

#[test]
fn a_line_outside_of_any_span_has_no_ids() {
    let lines = lines_of(|| tracing::warn!("alone"));
    let mut found = keys(&lines[0]);
    found.sort_unstable();
    assert_eq!(found, ["level", "message", "service", "target", "timestamp"]);
}

#[test]
fn the_innermost_value_of_a_name_wins_and_is_written_once() {
    let lines = lines_of(|| {
        let outer = tracing::info_span!("outer", request_id = "outer", step = 1, kept = true);
        let _outer = outer.enter();
        let inner = tracing::info_span!("inner", request_id = Empty, step = 2);
        inner.record("request_id", "inner");
        let _inner = inner.enter();
        tracing::info!(step = 3, "third");
        tracing::info!("second");
    });
    assert_eq!(lines[0]["step"], 3);
    assert_eq!(lines[1]["step"], 2);
    assert_eq!(lines[0]["kept"], true);
    assert_eq!(lines[0]["request_id"], "inner");
}

/// O-3: never tokens, bodies or passwords.
#[test]
fn a_field_that_is_named_like_a_secret_is_not_written() {
    let lines = lines_of(|| {
        let span = tracing::info_span!("login", password = "hunter2");
        span.in_scope(|| tracing::info!(token = "eyJ", authorization = ?"Bearer eyJ", user = "ada", "in"));
    });
    let text = lines[0].to_string();
    assert!(!text.contains("hunter2") && !text.contains("eyJ"));
    assert_eq!(lines[0]["password"], "[redacted]");
    assert_eq!(lines[0]["user"], "ada");
}

#[test]
fn an_error_is_written_with_its_causes() {
    let cause = std::io::Error::other("connection refused");
    let error = colink_telemetry::metrics::MetricsError::Invalid {
        name: "posts".to_owned(),
        source: prometheus::Error::Io(cause),
    };
    let lines = lines_of(|| tracing::error!(error = &error as &dyn std::error::Error, "failed"));
    let text = lines[0]["error"].as_str().unwrap();
    assert!(text.starts_with("the metric `posts` is not valid: "), "{text}");
    assert!(text.contains("connection refused"), "{text}");
}

#[test]
fn a_field_cannot_forge_a_key_of_the_line() {
    let lines =
        lines_of(|| tracing::info!(level = "ERROR", service = "auth", "hello\n{{\"level\":\"ERROR\"}}"));
    assert_eq!(lines.len(), 1, "a line break in a message does not begin another line");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["service"], "messaging");
    assert_eq!(lines[0]["field_level"], "ERROR");
}

/// O-2: trace ids travel without a collector too.
#[test]
fn without_a_collector_a_traceparent_is_handed_on_unchanged() {
    lines_of(|| {
        assert_eq!(trace::current_traceparent(), None);
        let span = tracing::info_span!("consume");
        trace::set_parent(&span, Some(PARENT));
        let _entered = span.enter();
        tracing::info_span!("deeper").in_scope(|| {
            assert_eq!(trace::current_traceparent().as_deref(), Some(PARENT));
        });
    });
}

#[test]
fn without_a_traceparent_a_trace_begins_and_its_id_is_in_every_line() {
    let lines = lines_of(|| {
        for incoming in [None, Some("nonsense")] {
            let span = tracing::info_span!("request");
            trace::set_parent(&span, incoming);
            span.in_scope(|| {
                tracing::info!(traceparent = trace::current_traceparent(), "first");
                tracing::info!("second");
            });
        }
    });
    let trace_id = lines[0]["trace_id"].as_str().unwrap();
    assert_eq!(trace_id.len(), 32);
    assert!(lines[0]["traceparent"].as_str().unwrap().contains(trace_id));
    assert_eq!(lines[1]["trace_id"], trace_id);
    assert_ne!(lines[2]["trace_id"], trace_id);
}

#[test]
fn the_configuration_has_defaults_and_refuses_unknown_keys() {
    let config: TelemetryConfig = serde_json::from_str("{}").unwrap();
    assert_eq!(config.log_level, "info");
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(serde_json::from_str::<TelemetryConfig>(r#"{"loglevel":"info"}"#).is_err());
}

#[test]
fn a_second_subscriber_in_one_process_is_tolerated() {
    let config = TelemetryConfig { log_level: "off".to_owned(), ..TelemetryConfig::default() };
    let first = colink_telemetry::init("auth", &config).unwrap();
    let second = colink_telemetry::init("files", &config).unwrap();
    assert!(first.installed());
    assert!(!second.installed());
    let wrong = TelemetryConfig { log_level: "a=b=c".to_owned(), ..TelemetryConfig::default() };
    let error = colink_telemetry::init("auth", &wrong).unwrap_err();
    assert!(error.to_string().contains("telemetry.log_level"));
}
