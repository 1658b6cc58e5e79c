//! Topics that are closed to us and partitions without a leader, on librdkafka's mock broker: nobody else is disturbed.

use colink_bus::log_relay::LogRelayConfig;
use colink_bus::outbox::{Relay, RelayConfig};
use colink_core::id::UserId;
use rdkafka::mocking::MockCluster;
use rdkafka::types::RDKafkaRespErr;
use sqlx::PgPool;

use crate::harness::{Running, World, eventually, metric, new_user};
use crate::log_relays;
use crate::log_rows::TestLog;
use crate::outboxes::{enqueue, moderate, until_drained, versions};

const DENIED: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

fn start(world: &World, batch: u16) -> Running {
    let (producer, _) = world.producer();
    let relay = Relay::new(world.pool.clone(), producer, RelayConfig { batch, ..RelayConfig::default() });
    Running::start(|cancel| relay.run(cancel))
}

/// The keys of the rows that wait, one for each row.
async fn waiting(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select key from outbox").fetch_all(pool).await.unwrap()
}

/// E-1, T-3: a topic that is closed to us holds up its own events; they do not stand before those of others.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_topic_holds_up_no_other() {
    let mut world = World::new(&[]).await;
    let cluster = MockCluster::new(1).unwrap();
    world.kafka.brokers = cluster.bootstrap_servers();
    for topic in ["colink.users", "colink.moderation"] {
        cluster.create_topic(&world.kafka.topic(topic), 1, 1).unwrap();
    }
    cluster.topic_error(&world.kafka.topic("colink.users"), DENIED).unwrap();
    let users: Vec<UserId> = (0..8).map(|_| new_user()).collect();
    for user_id in &users {
        enqueue(&world.pool, *user_id, 1, true).await;
    }
    moderate(&world.pool, "warn_user").await;
    let relay = start(&world, 4);
    eventually("the other topic goes on", async || waiting(&world.pool).await.len() == users.len()).await;
    assert_eq!(world.read("colink.moderation", 1).await[0].key, "u1");
    relay.stop().await;
    world.end_without_topics().await;
}

/// E-1, E-2, T-3: a partition without a leader holds up its own keys. When it has one again they follow, in order and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_leader_holds_up_its_own_keys() {
    let mut world = World::new(&[]).await;
    let cluster = MockCluster::new(1).unwrap();
    world.kafka.brokers = cluster.bootstrap_servers();
    let [users, moderation] = ["colink.users", "colink.moderation"].map(|topic| world.kafka.topic(topic));
    for topic in [&users, &moderation] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    cluster.partition_leader(&users, 0, None).unwrap();
    let relay = start(&world, 500);
    let user_ids: Vec<UserId> = (0..4).map(|_| new_user()).collect();
    for version in 1..=3 {
        for user_id in &user_ids {
            enqueue(&world.pool, *user_id, version, true).await;
        }
        moderate(&world.pool, "warn_user").await;
        eventually("the other key goes on", async || !waiting(&world.pool).await.contains(&"u1".to_owned()))
            .await;
    }
    assert_eq!(waiting(&world.pool).await.len(), 12, "what has no leader is not given up");

    cluster.partition_leader(&users, 0, Some(1)).unwrap();
    until_drained(&world.pool).await;
    let versions = versions(&world, 12).await;
    assert!(user_ids.iter().all(|user_id| versions[&user_id.to_string()] == [1, 2, 3]), "{versions:?}");
    relay.stop().await;
    world.end_without_topics().await;
}

/// E-1, E-8: a mirror whose topic is closed to us holds up neither the stream nor its marks.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_mirror_decides_nothing_about_the_log() {
    let mut world = World::new(&[]).await;
    let cluster = MockCluster::new(1).unwrap();
    world.kafka.brokers = cluster.bootstrap_servers();
    world.kafka.mirror = true;
    cluster.create_topic(&world.kafka.topic("colink.messages"), 12, 1).unwrap();
    cluster.topic_error(&world.kafka.topic("message.deleted"), DENIED).unwrap();
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, metrics) =
        log_relays::start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    eventually("every shard is owned", async || handle.owned().len() == 16).await;
    let channel_id = log.channel().await;
    // The first copy waits in the queue until the topic is known to be closed; from then on the producer takes none.
    for seq in 1..=3 {
        let (row, published_seq) = log.append(channel_id).await;
        handle.publish(row, published_seq);
        eventually("it is marked", async || log.published_seq(channel_id).await == seq).await;
    }
    let refused = metric(&metrics, "kafka_produced_total{outcome=\"refused\"", "topic=\"other\"");
    assert!(refused >= 2.0, "{refused} copies were refused");
    assert_eq!(world.read("colink.messages", 3).await.len(), 3);
    relay.stop().await;
    world.end_without_topics().await;
}
