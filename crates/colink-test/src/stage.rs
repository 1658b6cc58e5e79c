//! What the services of one test share: an issuer of tokens, names of their own in every store, topics.

use std::sync::Arc;

use colink_events::Topic;
use colink_runtime::Service;
use toml::{Table, Value};

use crate::environment::Environment;
use crate::identity::{AUDIENCE, ISSUER, TestIdentity};
use crate::names;
use crate::probe::KafkaProbe;
use crate::service::TestService;
use crate::settings::{Settings, put};
use crate::topics;

/// The secret with which services of a stage sign internal tokens.
pub const INTERNAL_SECRET: &str = "test-internal-secret-of-32-bytes-or-more";

/// The key that seals what services of a stage store.
pub const SEALING_KEYS: &str = "test:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The bucket all tests share; object keys carry ids, so tests do not meet.
pub const BUCKET: &str = "colink-tests";

/// The stage of one test. Cheap to clone; the clones are one stage.
#[derive(Clone, Debug)]
pub struct Stage {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    topic_prefix: String,
    identity: TestIdentity,
}

impl Stage {
    /// A stage on the topics that all tests of this binary share: match events on your own ids.
    #[must_use]
    pub fn new() -> Self {
        Self::with_topic_prefix(format!("{}.", names::process_prefix()))
    }

    /// A stage with topics of its own, for a test that counts events or parks keys. Making them takes about a second.
    #[must_use]
    pub fn with_own_topics() -> Self {
        Self::with_topic_prefix(format!("{}.", names::unique()))
    }

    fn with_topic_prefix(topic_prefix: String) -> Self {
        let (name, identity) = (names::unique(), TestIdentity::start());
        Self { inner: Arc::new(Inner { name, topic_prefix, identity }) }
    }

    /// `t<pid>x<n>`: begins the names of everything that belongs to this test.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Users and tokens.
    #[must_use]
    pub fn identity(&self) -> &TestIdentity {
        &self.inner.identity
    }

    /// What stands before every topic name.
    #[must_use]
    pub fn topic_prefix(&self) -> &str {
        &self.inner.topic_prefix
    }

    /// What stands before every Redis key.
    #[must_use]
    pub fn redis_prefix(&self) -> String {
        self.name().to_owned()
    }

    /// The Mongo database of a service.
    #[must_use]
    pub fn mongo_database(&self, service: &str) -> String {
        format!("{}_{service}", self.name())
    }

    /// Starts the real service on a free port, with its own database.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start<S: Service>(&self, settings: Settings) -> TestService<S> {
        TestService::start(self, settings).await
    }

    /// Reads a stream from its beginning; makes the topics when no service has yet.
    ///
    /// # Panics
    /// When the broker is down.
    pub async fn probe(&self, topic: Topic) -> KafkaProbe {
        self.ensure_topics().await;
        KafkaProbe::start(self.topic_prefix(), topic)
    }

    /// Makes the topics of this stage unless they are there.
    ///
    /// # Panics
    /// When the broker is down.
    pub async fn ensure_topics(&self) {
        topics::ensure(self.topic_prefix()).await;
    }

    /// The keys that put a service with these `sections` on this stage. `instance` tells two services of a stage apart.
    pub(crate) fn keys(&self, service: &str, instance: &str, sections: &Table) -> Table {
        let mut table = Table::new();
        let mut set = |key: &str, value: Value| {
            if sections.contains_key(key.split('.').next().unwrap_or_default()) {
                put(&mut table, key, value);
            }
        };
        let environment = Environment::get();
        set("server.bind", "127.0.0.1:0".into());
        set("auth.issuer", ISSUER.into());
        set("auth.audience", AUDIENCE.into());
        set("auth.jwks_url", self.identity().jwks_url().into());
        set("internal.secret", INTERNAL_SECRET.into());
        set("secrets.keys", SEALING_KEYS.into());
        set("postgres.max_connections", Value::Integer(6));
        if sections.contains_key("redis") {
            set("redis.url", environment.redis().into());
            set("redis.prefix", self.redis_prefix().into());
        }
        if sections.contains_key("kafka") {
            set("kafka.brokers", environment.kafka().into());
            set("kafka.topic_prefix", self.topic_prefix().into());
            set("kafka.group_prefix", format!("{instance}.").into());
        }
        if sections.contains_key("mongo") {
            set("mongo.url", environment.mongo().into());
            set("mongo.database", self.mongo_database(service).into());
        }
        if sections.contains_key("mail") {
            set("mail.smtp_url", environment.value("COLINK_SMTP_URL").into());
        }
        if sections.contains_key("s3") {
            set("s3.endpoint", environment.value("COLINK_S3_ENDPOINT").into());
            set("s3.access_key", environment.value("COLINK_S3_ACCESS_KEY").into());
            set("s3.secret_key", environment.value("COLINK_S3_SECRET_KEY").into());
            set("s3.bucket", BUCKET.into());
        }
        table
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}
