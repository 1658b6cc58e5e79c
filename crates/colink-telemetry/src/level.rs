//! Which events become lines, and which spans there are.

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::{EnvFilter, Layer};

use crate::TelemetryError;

/// What the targets of this system's own spans begin with.
const OWN: &str = "colink_";

/// What `log_level` says, but that this system's own spans are there at any level: an error line takes its ids from them, and
/// they are what is exported.
pub(crate) struct LogLevel(EnvFilter);

impl LogLevel {
    /// Reads `log_level`.
    ///
    /// # Errors
    /// [`TelemetryError::LogLevel`].
    pub(crate) fn parse(log_level: &str) -> Result<Self, TelemetryError> {
        EnvFilter::try_new(log_level).map(Self).map_err(TelemetryError::LogLevel)
    }
}

fn is_own_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with(OWN)
}

impl<S: Subscriber> Layer<S> for LogLevel {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let asked = <EnvFilter as Layer<S>>::register_callsite(&self.0, metadata);
        if is_own_span(metadata) { Interest::always() } else { asked }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        is_own_span(metadata) || self.0.enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint().map(|hint| hint.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::JsonLines;

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

    fn lines_at(log_level: &str, body: impl FnOnce()) -> Vec<Value> {
        let captured = Captured::default();
        let writer = captured.clone();
        let lines = JsonLines::new("test-service", move || writer.clone());
        let subscriber = Registry::default().with(LogLevel::parse(log_level).unwrap()).with(lines);
        tracing::subscriber::with_default(subscriber, body);
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// O-2, O-3: whatever is logged, a line knows its request and its trace, and the next hop gets the same trace.
    #[test]
    fn a_line_knows_its_request_at_any_level() {
        for log_level in ["info", "warn", "error", "off,colink_telemetry=error"] {
            let lines = lines_at(log_level, || {
                let span = tracing::info_span!("request", request_id = "req-1");
                crate::trace::set_parent(&span, None);
                span.in_scope(|| {
                    assert!(crate::trace::current_traceparent().is_some(), "{log_level}");
                    tracing::error!("failed");
                });
            });
            assert_eq!(lines.len(), 1, "{log_level}");
            assert_eq!(lines[0]["request_id"], "req-1", "{log_level}");
            assert_eq!(lines[0]["trace_id"].as_str().unwrap().len(), 32, "{log_level}");
        }
    }

    /// O-3: the level decides about lines, and about spans of dependencies, whose fields nobody here has looked at.
    #[test]
    fn the_level_holds_for_lines_and_for_foreign_spans() {
        let body = || {
            let foreign = tracing::info_span!(target: "some_dependency", "foreign", found = "much");
            let _foreign = foreign.enter();
            let _detail = tracing::debug_span!("detail", step = 1).entered();
            tracing::info!("told");
            tracing::warn!("failed");
        };
        let lines = lines_at("warn", body);
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0]["message"], &lines[0]["found"]), (&"failed".into(), &Value::Null));
        assert_eq!(lines[0]["step"], Value::Null);
        let lines = lines_at("info,some_dependency=off", body);
        assert_eq!(lines.len(), 2);
        assert_eq!((&lines[0]["message"], &lines[0]["found"]), (&"told".into(), &Value::Null));
    }
}
