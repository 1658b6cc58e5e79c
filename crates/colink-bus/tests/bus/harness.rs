//! One world per test: its own topics by prefix, its own database, its own groups by prefix.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use colink_bus::{BusError, KafkaConfig, Producer, consumer, outbox, topics};
use colink_core::clock::SystemClock;
use colink_core::id::{EventId, UserId};
use colink_core::time::Timestamp;
use colink_events::users::{UserPayload, UserUpdated};
use colink_events::{TopicSpec, all_topics};
use colink_telemetry::metrics::Metrics;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) kafka: KafkaConfig,
    pub(crate) pool: PgPool,
    database: String,
    specs: Vec<TopicSpec>,
}

/// What was read of a topic.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) payload: Bytes,
    pub(crate) headers: HashMap<String, String>,
}

impl World {
    /// Topics are named without prefix.
    pub(crate) async fn new(topics: &[&str]) -> Self {
        let name = EventId::generate(&SystemClock).to_string().replace('-', "");
        let mut kafka = KafkaConfig::new(address("COLINK_KAFKA_BROKERS"));
        kafka.topic_prefix = format!("t{name}.");
        kafka.group_prefix = format!("t{name}.");
        kafka.client_id = "bus-test".to_owned();
        kafka.mirror = false;
        let wanted = |spec: &TopicSpec| topics.iter().any(|topic| spec.name == kafka.topic(topic));
        let specs: Vec<TopicSpec> = all_topics(&kafka.topic_prefix).into_iter().filter(wanted).collect();
        if !specs.is_empty() {
            topics::ensure(&kafka, &specs).await.unwrap();
        }
        let database = format!("bus_{name}");
        execute(&format!("create database {database}")).await;
        let pool = PgPool::connect(&format!("{}/{database}", address("COLINK_PG_URL"))).await.unwrap();
        for schema in [outbox::SCHEMA, consumer::inbox::SCHEMA] {
            sqlx::raw_sql(schema).execute(&pool).await.unwrap();
        }
        Self { kafka, pool, database, specs }
    }

    /// Another pool to the same database: what a second replica has.
    pub(crate) async fn another_pool(&self) -> PgPool {
        PgPool::connect(&format!("{}/{}", address("COLINK_PG_URL"), self.database)).await.unwrap()
    }

    pub(crate) fn producer(&self) -> (Producer, Metrics) {
        let metrics = Metrics::new("bus-test").unwrap();
        (Producer::new(&self.kafka, &metrics).unwrap(), metrics)
    }

    /// Leaves nothing behind.
    pub(crate) async fn end(self) {
        let admin: AdminClient<DefaultClientContext> =
            rdkafka::ClientConfig::new().set("bootstrap.servers", &self.kafka.brokers).create().unwrap();
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name.as_str()).collect();
        admin.delete_topics(&names, &AdminOptions::new()).await.unwrap();
        self.end_without_topics().await;
    }

    pub(crate) async fn end_without_topics(self) {
        self.pool.close().await;
        execute(&format!("drop database {} with (force)", self.database)).await;
    }

    /// The first `count` records of a topic, in order per partition.
    pub(crate) async fn read(&self, topic: &str, count: usize) -> Vec<Seen> {
        read(&self.kafka, topic, count).await
    }
}

pub(crate) async fn read(kafka: &KafkaConfig, topic: &str, count: usize) -> Vec<Seen> {
    let (brokers, topic) = (kafka.brokers.clone(), kafka.topic(topic));
    tokio::task::spawn_blocking(move || read_blocking(&brokers, &topic, count)).await.unwrap()
}

fn read_blocking(brokers: &str, topic: &str, count: usize) -> Vec<Seen> {
    let reader: BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bus-test-reader")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let partitions = reader.fetch_metadata(Some(topic), PATIENCE).unwrap().topics()[0].partitions().len();
    let mut list = TopicPartitionList::new();
    for partition in 0..partitions {
        list.add_partition_offset(topic, i32::try_from(partition).unwrap(), Offset::Beginning).unwrap();
    }
    reader.assign(&list).unwrap();
    let started = Instant::now();
    let mut seen = Vec::new();
    while seen.len() < count {
        assert!(started.elapsed() < PATIENCE, "{topic}: {} of {count} records came", seen.len());
        let Some(message) = reader.poll(Duration::from_millis(100)) else { continue };
        let message = message.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = message.headers().map(|headers| {
            headers.iter().map(|one| (one.key.to_owned(), text(one.value.unwrap_or_default()))).collect()
        });
        seen.push(Seen {
            partition: message.partition(),
            key: text(message.key().unwrap_or_default()),
            payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
            headers: headers.unwrap_or_default(),
        });
    }
    seen
}

/// A task of the test, with the means to end it gently.
pub(crate) struct Running {
    cancel: CancellationToken,
    task: JoinHandle<Result<(), BusError>>,
}

impl Running {
    pub(crate) fn start<F>(work: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), BusError>> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let task = tokio::spawn(work(cancel.clone()));
        Self { cancel, task }
    }

    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("stops in time").unwrap().unwrap();
    }

    /// Ends it as a crash would: nothing is finished.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Waits for a condition that a query or a counter tells.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A value of a metric, by its rendered line's beginning.
pub(crate) fn metric(metrics: &Metrics, name: &str, label: &str) -> f64 {
    let text = metrics.render();
    let line = text.lines().find(|line| line.starts_with(name) && line.contains(label));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |value| value.parse().unwrap())
}

pub(crate) fn user_updated(user_id: UserId, version: i64) -> UserUpdated {
    UserUpdated(UserPayload {
        user_id,
        username: "ada".to_owned(),
        display_name: "Ada".to_owned(),
        avatar_url: None,
        status: None,
        time_zone: None,
        bot: false,
        version,
        at: Timestamp::now(&SystemClock),
    })
}

pub(crate) fn new_user() -> UserId {
    UserId::generate(&SystemClock)
}

async fn execute(statement: &str) {
    let url = format!("{}/postgres", address("COLINK_PG_URL"));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
}

/// The environment first, then `.colink/env` of this checkout.
fn address(name: &str) -> String {
    if let Ok(value) = std::env::var(name) {
        return value;
    }
    let mut folder = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    while let Some(here) = folder {
        let found = std::fs::read_to_string(here.join(".colink/env")).ok().and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        });
        if let Some(value) = found {
            return value;
        }
        folder = here.parent().map(PathBuf::from);
    }
    panic!("{name} is not set: run `cargo xtask test`, which starts the stores");
}
