//! Connecting a store and watching over it, in one call each.

use std::time::Duration;

use colink_bus::outbox::{Relay, RelayConfig, RelayHandle};
use colink_bus::{BusError, KafkaConfig, Producer};
use colink_store::mongo::{self, MongoConfig};
use colink_store::postgres::{self, PostgresConfig, pool_state};
use colink_store::redis::{self, RedisClient, RedisConfig};
use colink_store::s3::{ObjectStore, S3Config};
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Boot;
use crate::error::StartError;

/// Below the deadline of a readiness check, so that the reason in the log is the broker's.
const BROKER_PATIENCE: Duration = Duration::from_millis(900);
const PRODUCER_WATCH: Duration = Duration::from_secs(1);

impl Boot {
    /// The pool of the service's database. Without it the service is not ready. Asked again, the same pool.
    ///
    /// # Errors
    /// When the configuration cannot be used; not when the database is down.
    pub async fn postgres(&mut self, config: &PostgresConfig) -> Result<PgPool, StartError> {
        if let Some(pool) = &self.postgres {
            return Ok(pool.clone());
        }
        let pool = postgres::connect(config, self.service).await?;
        let (asked, measured) = (pool.clone(), pool.clone());
        self.health.require("postgres", move || {
            let pool = asked.clone();
            async move { postgres::ping(&pool).await }
        });
        let help = "Connections of the Postgres pool by state";
        let gauge = self.metrics.gauge_vec("db_pool_connections", help, &["state"])?;
        self.metrics.before_render(move || {
            let (size, idle) = pool_state(&measured);
            gauge.with_label_values(&["idle"]).set(i64::from(idle));
            gauge.with_label_values(&["used"]).set(i64::from(size.saturating_sub(idle)));
        });
        self.postgres = Some(pool.clone());
        Ok(pool)
    }

    /// A client of Redis. Everything in it can be lost: without it the service is degraded, and ready.
    ///
    /// # Errors
    /// When the configuration cannot be used; not when Redis is down.
    pub async fn redis(&mut self, config: &RedisConfig) -> Result<RedisClient, StartError> {
        let client = redis::connect(config).await?;
        let asked = client.clone();
        self.health.watch("redis", move || {
            let client = asked.clone();
            async move { redis::ping(&client).await }
        });
        Ok(client)
    }

    /// The service's Mongo database. Without it the service is not ready.
    ///
    /// # Errors
    /// When the configuration cannot be used; not when the server is down.
    pub async fn mongo(&mut self, config: &MongoConfig) -> Result<mongodb::Database, StartError> {
        let database = mongo::connect(config).await?;
        let asked = database.clone();
        self.health.require("mongo", move || {
            let database = asked.clone();
            async move { mongo::ping(&database).await }
        });
        Ok(database)
    }

    /// The service's bucket. Without it the service is degraded, and ready.
    ///
    /// # Errors
    /// When the configuration cannot be used; not when the storage is down.
    pub async fn s3(&mut self, config: &S3Config) -> Result<ObjectStore, StartError> {
        let bucket = ObjectStore::connect(config).await?;
        let asked = bucket.clone();
        self.health.watch("s3", move || {
            let bucket = asked.clone();
            async move { bucket.ping().await }
        });
        Ok(bucket)
    }

    /// The producer of the process. While the broker is away events wait in the outbox: degraded, and ready. A
    /// producer that has failed for good ends the process, because only a new one can send again.
    /// Asked again, the same producer.
    ///
    /// # Errors
    /// When the configuration cannot be used; not when the broker is down.
    pub fn producer(&mut self, config: &KafkaConfig) -> Result<Producer, StartError> {
        if let Some(producer) = &self.producer {
            return Ok(producer.clone());
        }
        let producer = Producer::new(config, &self.metrics)?;
        let asked = producer.clone();
        self.health.watch("kafka", move || {
            let producer = asked.clone();
            async move { producer.ping(BROKER_PATIENCE).await }
        });
        self.lifecycle.spawn("producer watch", watch(producer.clone(), self.lifecycle.drained()));
        self.producer = Some(producer.clone());
        Ok(producer)
    }

    /// Starts the relay that publishes the outbox in `pool`, until the last request is answered. Wake it by its
    /// handle after each commit with events.
    #[must_use]
    pub fn relay(&self, pool: &PgPool, producer: &Producer) -> RelayHandle {
        let relay = Relay::new(pool.clone(), producer.clone(), RelayConfig::default());
        let handle = relay.handle();
        self.lifecycle.spawn("outbox relay", relay.run(self.lifecycle.drained()));
        handle
    }
}

async fn watch(producer: Producer, stop: CancellationToken) -> Result<(), BusError> {
    while !producer.is_broken() {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(PRODUCER_WATCH) => {}
        }
    }
    Err(BusError::Fatal)
}
