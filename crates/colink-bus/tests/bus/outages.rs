//! A broker that goes away and comes back. The shared broker cannot be stopped by one test, so this is librdkafka's own mock
//! broker over real sockets; the fault tests of the fleet restart the real one.

use std::time::{Duration, Instant};

use colink_bus::log_relay::{HandOver, LogRelayConfig};
use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::SystemClock;
use colink_events::Cause;
use colink_telemetry::metrics::Metrics;
use futures_util::future::join_all;
use rdkafka::mocking::MockCluster;
use tokio::runtime::Builder;

use crate::harness::{World, eventually, metric, new_user, read, user_updated};
use crate::log_relays::{sequences, start};
use crate::log_rows::TestLog;

/// T-3: while the broker is away hand-overs are accepted and memory stays bounded; afterwards everything arrives in order.
#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_in_order_after_an_outage() {
    let mut world = World::new(&[]).await;
    let cluster = MockCluster::new(1).unwrap();
    world.kafka.brokers = cluster.bootstrap_servers();
    cluster.create_topic(&world.kafka.topic("colink.messages"), 12, 1).unwrap();
    let log = TestLog::new(&world.pool).await;
    // So small that most rows are refused and have to be read again.
    let config = LogRelayConfig {
        memory_bytes: 300_000,
        queue_rows: 128,
        in_flight: 300,
        ..LogRelayConfig::default()
    };
    let (relay, handle, metrics) = start(&world, &log, world.pool.clone(), config);
    eventually("every shard is owned", async || handle.owned().len() == 16).await;
    let channels = [log.channel().await, log.channel().await, log.channel().await];
    let mut taken = 0;
    let mut post = async || {
        for channel_id in channels {
            let (row, published_seq) = log.append(channel_id).await;
            let outcome = handle.publish(row, published_seq);
            taken += usize::from(outcome == HandOver::Taken);
        }
    };
    post().await;
    eventually("it works", async || log.published_seq(channels[0]).await == 1).await;

    cluster.broker_down(1).unwrap();
    for _ in 0..1500 {
        post().await;
    }
    assert!(log.published_seq(channels[0]).await < 1501);
    assert!((300..3000).contains(&taken), "{taken} of 4503 rows were taken");
    assert!(metric(&metrics, "log_relay_in_flight", "") <= 300.0);
    let bytes = metric(&metrics, "log_relay_bytes", "");
    assert!(bytes < 1_500_000.0, "the memory is bounded: {bytes}");
    let back_at = Instant::now();
    cluster.broker_up(1).unwrap();
    for channel_id in channels {
        eventually("all are marked", async || log.published_seq(channel_id).await == 1501).await;
    }
    println!("4500 events caught up {:?} after the broker was back", back_at.elapsed());
    for (channel, found) in sequences(&read(&world.kafka, "colink.messages", 4503).await) {
        let mut highest = 0;
        for seq in &found {
            assert!(*seq <= highest + 1, "{channel}: {seq} after {highest}");
            highest = highest.max(*seq);
        }
        assert_eq!(highest, 1501);
    }
    relay.stop().await;
    world.end_without_topics().await;
}

/// E-1: a send waits for the broker, and keeps its order; a flush has a deadline.
#[tokio::test(flavor = "multi_thread")]
async fn a_send_waits_for_the_broker() {
    let mut world = World::new(&[]).await;
    let cluster = MockCluster::new(1).unwrap();
    world.kafka.brokers = cluster.bootstrap_servers();
    cluster.create_topic(&world.kafka.topic("colink.users"), 12, 1).unwrap();
    let (producer, _) = world.producer();
    let event = |version| {
        OutgoingEvent::seal(&user_updated(new_user(), version), &Cause::default(), &SystemClock).unwrap()
    };
    producer.send(&event(1)).await.unwrap();
    cluster.broker_down(1).unwrap();
    let delivery = producer.enqueue(&event(2)).unwrap();
    producer.flush(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(producer.queued(), 1);
    cluster.broker_up(1).unwrap();
    delivery.await.unwrap();
    producer.close(Duration::from_secs(5)).await.unwrap();
    world.end_without_topics().await;
}

/// O-1: however many ask while the broker is away, one thread waits for it: the others stay for other work.
#[test]
fn pings_of_a_broker_that_is_away_leave_the_threads_to_others() {
    let runtime = Builder::new_multi_thread().max_blocking_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut kafka = KafkaConfig::new("127.0.0.1:1");
        kafka.client_id = "bus-test".to_owned();
        let producer = Producer::new(&kafka, &Metrics::new("bus-test").unwrap()).unwrap();
        // So long that a busy machine starts a thread in half of it.
        let deadline = Duration::from_secs(5);
        let pings = join_all((0..50).map(|_| producer.ping(deadline)));
        let other_work = async {
            let started = Instant::now();
            tokio::task::spawn_blocking(|| {}).await.unwrap();
            started.elapsed()
        };
        let (pings, waited) = tokio::join!(pings, other_work);
        assert!(pings.iter().all(Result::is_err));
        assert!(waited < deadline / 2, "other work waited {waited:?} for a thread");
    });
}
