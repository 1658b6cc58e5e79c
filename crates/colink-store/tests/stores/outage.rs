//! Stores that refuse connections, that accept and then say nothing, and that come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use colink_store::mongo::MongoConfig;
use colink_store::postgres::PostgresConfig;
use colink_store::redis::RedisConfig;
use colink_store::s3::{ObjectStore, S3Config};
use colink_store::{StoreError, mongo, postgres, redis};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::environment::{authority, postgres_url, secret, unique, value};

/// The longest that any call may take, with room for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(7);

/// An address at which nobody listens.
async fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// An address at which connections are accepted and nothing is ever answered.
async fn silent() -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    (address, tasks)
}

/// Closes every connection to `address` as soon as it is there, like a server that is going down, until the set is dropped.
async fn slam(address: &str) -> (JoinSet<()>, Arc<Notify>) {
    let listener = TcpListener::bind(address).await.unwrap();
    let (mut tasks, slammed) = (JoinSet::new(), Arc::new(Notify::new()));
    let told = Arc::clone(&slammed);
    tasks.spawn(async move {
        while let Ok((_closed, _)) = listener.accept().await {
            told.notify_one();
        }
    });
    (tasks, slammed)
}

/// Passes every connection to `address` on to `target`, until the set is dropped.
async fn forward(address: &str, target: String) -> JoinSet<()> {
    let listener = TcpListener::bind(address).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&target).await.unwrap();
            connections.spawn(async move {
                // Either side may close at any time.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    tasks
}

/// Asks again until the store answers.
async fn recovers<F: Future<Output = Result<(), StoreError>>>(ping: impl Fn() -> F) {
    let started = Instant::now();
    while let Err(error) = ping().await {
        assert!(error.is_transient(), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn fails_in_time(ping: impl Future<Output = Result<(), StoreError>>, limit: Duration) {
    let started = Instant::now();
    let error = ping.await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(started.elapsed() < limit, "{:?}", started.elapsed());
}

async fn postgres_at(address: &str) -> sqlx::PgPool {
    let url = postgres_url(address, "postgres");
    postgres::connect(&PostgresConfig::new(url.into()), "store-tests").await.unwrap()
}

async fn redis_at(address: &str, timeout_ms: u64) -> redis::RedisClient {
    let config = RedisConfig { timeout_ms, ..RedisConfig::new(format!("redis://{address}").into()) };
    redis::connect(&config).await.unwrap()
}

async fn mongo_at(address: &str) -> mongodb::Database {
    let url = format!("mongodb://{address}/?directConnection=true");
    mongo::connect(&MongoConfig { url: url.into(), database: "outage".to_owned() }).await.unwrap()
}

async fn s3_at(address: &str, bucket: String) -> ObjectStore {
    let config = S3Config {
        endpoint: Some(format!("http://{address}")),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket,
        access_key: Some(secret("COLINK_S3_ACCESS_KEY")),
        secret_key: Some(secret("COLINK_S3_SECRET_KEY")),
        path_style: true,
    };
    ObjectStore::connect(&config).await.unwrap()
}

#[tokio::test]
async fn postgres_may_be_down_silent_and_back() {
    fails_in_time(postgres::ping(&postgres_at(&closed().await).await), PATIENCE).await;
    let (address, _tasks) = silent().await;
    fails_in_time(postgres::ping(&postgres_at(&address).await), PATIENCE).await;

    let address = closed().await;
    let pool = postgres_at(&address).await;
    fails_in_time(postgres::ping(&pool), PATIENCE).await;
    let up = forward(&address, authority(&value("COLINK_PG_URL"))).await;
    recovers(|| postgres::ping(&pool)).await;
    drop(up);
    fails_in_time(postgres::ping(&pool), PATIENCE).await;
    let _up = forward(&address, authority(&value("COLINK_PG_URL"))).await;
    recovers(|| postgres::ping(&pool)).await;
}

#[tokio::test]
async fn redis_may_be_down_silent_and_back() {
    let refused = redis_at(&closed().await, 60_000).await;
    for _ in 0..3 {
        fails_in_time(redis::ping(&refused), Duration::from_secs(3)).await;
    }
    let (address, _tasks) = silent().await;
    let mute = redis_at(&address, 250).await;
    for _ in 0..3 {
        fails_in_time(redis::ping(&mute), Duration::from_secs(3)).await;
    }

    let address = closed().await;
    let client = redis_at(&address, 5_000).await;
    fails_in_time(redis::ping(&client), Duration::from_secs(3)).await;
    let up = forward(&address, authority(&value("COLINK_REDIS_URL"))).await;
    redis::ping(&client).await.unwrap();
    drop(up);
    fails_in_time(redis::ping(&client), Duration::from_secs(3)).await;
    let _up = forward(&address, authority(&value("COLINK_REDIS_URL"))).await;
    redis::ping(&client).await.unwrap();
}

#[tokio::test]
async fn the_first_command_after_redis_is_back_works_whatever_the_last_attempt_met() {
    let address = closed().await;
    let client = redis_at(&address, 5_000).await;
    let mut up = forward(&address, authority(&value("COLINK_REDIS_URL"))).await;
    redis::ping(&client).await.unwrap();
    up.shutdown().await;
    let (mut going_down, slammed) = slam(&address).await;
    // The driver notices the loss by itself and connects again, which is cut off.
    tokio::time::timeout(PATIENCE, slammed.notified()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    going_down.shutdown().await;
    let _up = forward(&address, authority(&value("COLINK_REDIS_URL"))).await;
    redis::ping(&client).await.unwrap();
}

#[tokio::test]
async fn mongo_may_be_down_silent_and_back() {
    fails_in_time(mongo::ping(&mongo_at(&closed().await).await), PATIENCE).await;
    let (address, _tasks) = silent().await;
    fails_in_time(mongo::ping(&mongo_at(&address).await), PATIENCE).await;

    let address = closed().await;
    let database = mongo_at(&address).await;
    fails_in_time(mongo::ping(&database), PATIENCE).await;
    let _up = forward(&address, authority(&value("COLINK_MONGO_URL"))).await;
    recovers(|| mongo::ping(&database)).await;
}

#[tokio::test]
async fn s3_may_be_down_silent_and_back() {
    fails_in_time(s3_at(&closed().await, unique("outage")).await.ping(), PATIENCE).await;
    let (address, _tasks) = silent().await;
    fails_in_time(s3_at(&address, unique("outage")).await.ping(), PATIENCE).await;

    let address = closed().await;
    let store = s3_at(&address, unique("outage")).await;
    fails_in_time(store.ping(), PATIENCE).await;
    let _up = forward(&address, authority(&value("COLINK_S3_ENDPOINT"))).await;
    recovers(|| store.ensure_bucket()).await;
    store.remove_bucket().await.unwrap();
}
