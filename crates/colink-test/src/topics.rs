//! The topics of a test run: one set for all tests of a binary, swept by the next run.

use std::collections::HashSet;
use std::time::Duration;

use colink_bus::KafkaConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use tokio::sync::Mutex;

use crate::environment::Environment;
use crate::names::Owner;

const BROKER_PATIENCE: Duration = Duration::from_secs(30);

/// Makes the topics under `prefix`, once per process, and sweeps those of dead processes the first time.
///
/// # Panics
/// When the broker is down.
pub(crate) async fn ensure(prefix: &str) {
    static MADE: Mutex<Option<HashSet<String>>> = Mutex::const_new(None);
    let mut made = MADE.lock().await;
    if made.is_none() {
        sweep().await;
    }
    let made = made.get_or_insert_default();
    if !made.contains(prefix) {
        let mut config = KafkaConfig::new(Environment::get().kafka());
        config.topic_prefix = prefix.to_owned();
        colink_bus::ensure_topics(&config).await.unwrap_or_else(|error| panic!("topics: {error}"));
        made.insert(prefix.to_owned());
    }
}

async fn sweep() {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", Environment::get().kafka())
        .create()
        .expect("a Kafka client");
    let names = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(None, BROKER_PATIENCE);
        let metadata =
            metadata.unwrap_or_else(|error| panic!("Kafka at {}: {error}", Environment::get().kafka()));
        let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
        (names.filter(|name| Owner::of(name) == Owner::Dead).collect::<Vec<_>>(), admin)
    });
    let (names, admin) = names.await.expect("a list of topics");
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // Another process may sweep at the same time; what is gone is gone.
        let _ = admin.delete_topics(&names, &AdminOptions::new()).await;
    }
}
