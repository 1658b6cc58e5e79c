//! The log of the services in this process: kept and searched for secrets, and shown if somebody wants to see it.

use std::sync::{LazyLock, Once};

use colink_telemetry::JsonLines;
use toml::Table;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::environment::Environment;
use crate::log_watch::{LineWriter, LogWatch};

/// What the whole process said and kept to itself.
pub(crate) static WATCH: LazyLock<LogWatch> = LazyLock::new(LogWatch::default);

/// Keeps lines from now on, at the level at which the service with these `sections` is operated; of several services in one
/// process the first decides. `COLINK_TEST_LOG=debug` also shows them.
pub(crate) fn start(sections: &Table) -> &'static LogWatch {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let level = sections.get("telemetry").and_then(|section| section.get("log_level"));
        let kept = filter(level.and_then(toml::Value::as_str).unwrap_or("info"));
        let shown = Environment::get().find("COLINK_TEST_LOG").map(filter);
        let subscriber = Registry::default()
            .with(JsonLines::new("test", LineWriter(&WATCH)).with_filter(kept))
            .with(shown.map(|shown| tracing_subscriber::fmt::layer().with_filter(shown)));
        // A test that has a subscriber of its own reads the log itself.
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
    &WATCH
}

fn filter(directives: &str) -> EnvFilter {
    EnvFilter::try_new(directives).unwrap_or_else(|error| panic!("{directives}: {error}"))
}
