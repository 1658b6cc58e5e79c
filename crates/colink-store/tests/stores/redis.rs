use std::time::Duration;

use colink_store::StoreError;
use colink_store::redis::{RedisClient, RedisConfig, connect, ping};
use futures_util::StreamExt;
use redis::AsyncCommands;

use crate::environment::{secret, unique};

async fn client() -> RedisClient {
    let mut config = RedisConfig::new(secret("COLINK_REDIS_URL"));
    config.prefix = unique("redis");
    // A loaded test machine may pause for longer than the default.
    config.timeout_ms = 2_000;
    connect(&config).await.unwrap()
}

#[tokio::test]
async fn commands_pipelines_and_scripts_work_over_the_shared_connection() {
    let redis = client().await;
    ping(&redis).await.unwrap();
    let key = redis.key(&["counter", "{u1}"]);
    let mut connection = redis.connection();
    let _: () = connection.set_ex(&key, 41, 60).await.unwrap();
    let (value, ttl): (i64, i64) =
        redis::pipe().atomic().incr(&key, 1).ttl(&key).query_async(&mut connection).await.unwrap();
    assert_eq!(value, 42);
    assert!((1..=60).contains(&ttl));
    let script = redis::Script::new("return redis.call('GET', KEYS[1]) + ARGV[1]");
    let sum: i64 = script.key(&key).arg(8).invoke_async(&mut connection).await.unwrap();
    assert_eq!(sum, 50);
}

async fn own_number(redis: &RedisClient) -> i64 {
    redis::cmd("CLIENT").arg("ID").query_async(&mut redis.connection()).await.unwrap()
}

#[tokio::test]
async fn each_thread_has_one_connection() {
    let redis = client().await;
    let here = own_number(&redis).await;
    assert_eq!(own_number(&redis.clone()).await, here);
    let other = redis.clone();
    let there = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(own_number(&other))
    });
    assert_ne!(there.join().unwrap(), here);
    assert_eq!(own_number(&redis).await, here);
}

#[tokio::test]
async fn a_refused_command_is_a_defect_and_not_an_outage() {
    let redis = client().await;
    let key = redis.key(&["list"]);
    let mut connection = redis.connection();
    let _: () = connection.lpush(&key, "a").await.unwrap();
    let _: () = connection.expire(&key, 60).await.unwrap();
    let wrong: redis::RedisResult<i64> = connection.incr(&key, 1).await;
    let error = StoreError::from(wrong.unwrap_err());
    assert!(matches!(error, StoreError::Rejected { store: "redis", .. }), "{error:?}");
    ping(&redis).await.unwrap();
}

#[tokio::test]
async fn a_subscriber_hears_what_is_published() {
    let redis = client().await;
    let channel = redis.key(&["typing"]);
    let mut subscriber = redis.subscriber().await.unwrap();
    subscriber.subscribe(&channel).await.unwrap();
    let heard: i64 = redis.connection().publish(&channel, "hello").await.unwrap();
    assert_eq!(heard, 1);
    let message = tokio::time::timeout(Duration::from_secs(5), subscriber.on_message().next()).await;
    assert_eq!(message.unwrap().unwrap().get_payload::<String>().unwrap(), "hello");
}

#[tokio::test]
async fn the_prefix_stands_before_every_key() {
    let mut config = RedisConfig::new("redis://127.0.0.1:1".into());
    assert_eq!(connect(&config).await.unwrap().key(&["a", "b"]), "a:b");
    config.prefix = "site1".to_owned();
    assert_eq!(connect(&config).await.unwrap().key(&["a", "b"]), "site1:a:b");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_named_without_its_password() {
    let config = RedisConfig::new("http://user:hunter2@host".into());
    let error = connect(&config).await.unwrap_err();
    assert!(matches!(error, StoreError::Misconfigured { .. }));
    assert!(!format!("{error} {error:?} {config:?}").contains("hunter2"));
}
