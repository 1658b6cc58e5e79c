use std::collections::HashMap;
use std::time::{Duration, Instant};

use colink_bus::log_relay::{HandOver, LogRelay, LogRelayConfig, LogRelayHandle};
use colink_bus::shard::ShardSet;
use colink_bus::{KafkaConfig, Tail};
use colink_core::id::ChannelId;
use colink_events::{Envelope, Topic};
use colink_telemetry::metrics::Metrics;
use sqlx::PgPool;

use crate::harness::{Running, Seen, World, eventually, metric};
use crate::log_rows::TestLog;

pub(crate) fn start(
    world: &World,
    log: &TestLog,
    pool: PgPool,
    config: LogRelayConfig,
) -> (Running, LogRelayHandle, Metrics) {
    let (producer, metrics) = world.producer();
    let (relay, handle) = LogRelay::new(log.clone(), pool, producer, config);
    (Running::start(|cancel| relay.run(cancel)), handle, metrics)
}

async fn until_owned(handle: &LogRelayHandle) {
    eventually("every shard is owned", async || handle.owned() == ShardSet::ALL).await;
}

async fn until_published(log: &TestLog, channel_id: ChannelId, seq: i64) {
    eventually("the rows are marked", async || log.published_seq(channel_id).await == seq).await;
}

pub(crate) fn sequences(seen: &[Seen]) -> HashMap<String, Vec<i64>> {
    let mut sequences: HashMap<String, Vec<i64>> = HashMap::new();
    for record in seen {
        let seq = Envelope::from_slice(&record.payload).unwrap().seq.unwrap();
        sequences.entry(record.key.clone()).or_default().push(seq);
    }
    sequences
}

fn upto(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

/// M-3, E-2: hand-overs of one channel come from many requests in any order and leave in the order of `seq`.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_posts_are_published_in_the_order_of_seq() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let channels = [log.channel().await, log.channel().await, log.channel().await];
    let mut posters = Vec::new();
    for poster in 0..8 {
        let (log, handle) = (log.clone(), handle.clone());
        posters.push(tokio::spawn(async move {
            for n in 0..60 {
                let (row, published_seq) = log.append(channels[(n + poster) % 3]).await;
                tokio::task::yield_now().await;
                assert_eq!(handle.publish(row, published_seq), HandOver::Taken);
            }
        }));
    }
    for poster in posters {
        poster.await.unwrap();
    }
    for channel_id in channels {
        until_published(&log, channel_id, 160).await;
    }
    let sequences = sequences(&world.read("colink.messages", 480).await);
    assert_eq!(sequences.len(), 3);
    assert!(sequences.values().all(|found| *found == upto(160)), "{sequences:?}");
    relay.stop().await;
    world.end().await;
}

/// E-1, T-3: rows that were committed while no relay ran, or were never handed over, are published from the log.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_nobody_handed_over_are_published_from_the_log() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (early, late) = (log.channel().await, log.channel().await);
    for _ in 0..600 {
        log.append(early).await;
    }
    let (relay, handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_published(&log, early, 600).await;

    until_owned(&handle).await;
    for n in 0..30 {
        let (row, published_seq) = log.append(late).await;
        if n % 3 == 0 {
            handle.publish(row, published_seq);
        }
    }
    until_published(&log, late, 30).await;
    let sequences = sequences(&world.read("colink.messages", 630).await);
    assert_eq!(sequences[&early.to_string()], upto(600));
    assert_eq!(sequences[&late.to_string()], upto(30));
    relay.stop().await;
    world.end().await;
}

/// M-3: a missing row is read from the log after 100 ms and goes out before those that follow it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hole_is_read_from_the_log() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, metrics) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let channel_id = log.channel().await;
    let rows = [log.append(channel_id).await, log.append(channel_id).await, log.append(channel_id).await];
    let [first, _lost, third] = rows;
    handle.publish(first.0, first.1);
    let held_at = Instant::now();
    handle.publish(third.0, third.1);
    until_published(&log, channel_id, 3).await;
    assert!(held_at.elapsed() >= Duration::from_millis(90), "the missing row was given time");
    assert_eq!(sequences(&world.read("colink.messages", 3).await)[&channel_id.to_string()], upto(3));
    assert!(
        metric(&metrics, "log_relay_log_reads_total", "hole")
            + metric(&metrics, "log_relay_log_reads_total", "behind")
            >= 1.0
    );
    relay.stop().await;
    world.end().await;
}

/// T-3: when a replica dies, the other publishes what it had not; no number first appears before its predecessor.
#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_may_repeat_and_never_skips() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (first, first_handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&first_handle).await;
    let (second, second_handle, _) =
        start(&world, &log, world.another_pool().await, LogRelayConfig::default());
    eventually("they share", async || second_handle.owned().len() == 8 && first_handle.owned().len() == 8)
        .await;
    let mut channels = Vec::new();
    for _ in 0..6 {
        channels.push(log.channel().await);
    }
    for _ in 0..100 {
        for channel_id in &channels {
            let (row, published_seq) = log.append(*channel_id).await;
            let owner = if first_handle.owns(*channel_id) { &first_handle } else { &second_handle };
            owner.publish(row, published_seq);
        }
    }
    first.kill().await;
    for channel_id in &channels {
        let (row, published_seq) = log.append(*channel_id).await;
        second_handle.publish(row, published_seq);
        until_published(&log, *channel_id, 101).await;
    }
    for (channel, found) in sequences(&world.read("colink.messages", 606).await) {
        let mut highest = 0;
        for seq in &found {
            assert!(*seq <= highest + 1, "{channel}: {seq} after {highest}");
            highest = highest.max(*seq);
        }
    }
    second.stop().await;
    world.end().await;
}

/// E-8: the copy for outside consumers follows the event.
#[tokio::test(flavor = "multi_thread")]
async fn mirrored_rows_are_copied_after_the_event() {
    let mut world = World::new(&["colink.messages", "message.deleted"]).await;
    world.kafka.mirror = true;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let channel_id = log.channel().await;
    for _ in 0..20 {
        let (row, published_seq) = log.append(channel_id).await;
        handle.publish(row, published_seq);
    }
    until_published(&log, channel_id, 20).await;
    let stream = sequences(&world.read("colink.messages", 20).await);
    let mirror = sequences(&world.read("message.deleted", 20).await);
    assert_eq!(stream, mirror);
    relay.stop().await;
    world.end().await;
}

/// E-2: what is published last before a stop is marked, so that the next start repeats nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_was_handed_over() {
    let mut world = World::new(&["colink.messages", "message.deleted"]).await;
    world.kafka.mirror = true;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let channel_id = log.channel().await;
    for _ in 0..50 {
        let (row, published_seq) = log.append(channel_id).await;
        handle.publish(row, published_seq);
    }
    relay.stop().await;
    assert_eq!(log.published_seq(channel_id).await, 50);
    assert_eq!(world.read("message.deleted", 50).await.len(), 50);
    assert_eq!(handle.publish(log.append(channel_id).await.0, 50), HandOver::Refused);
    world.end().await;
}

/// the way from the hand-over to a tail, at light load. The numbers are printed; the bounds are generous because tests
/// share the machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_is_produced_at_once() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, metrics) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let mut tail = ready_tail(&world.kafka).await;
    let channel_id = log.channel().await;
    let mut delays = Vec::new();
    for _ in 0..200 {
        let (row, published_seq) = log.append(channel_id).await;
        let handed_at = Instant::now();
        handle.publish(row, published_seq);
        let item = tail.next().await.unwrap();
        assert_eq!(item.event_type, "message.deleted");
        delays.push(handed_at.elapsed());
    }
    delays.sort();
    let mean = metric(&metrics, "log_relay_handover_seconds_sum", "") / 200.0;
    println!(
        "hand-over to produce: mean {:.0} us; to tail: p50 {:?}, p99 {:?}",
        mean * 1e6,
        delays[100],
        delays[198]
    );
    assert!(mean < 0.05, "the hand-over took {mean} s");
    assert!(delays[100] < Duration::from_millis(500), "half of the events took {:?}", delays[100]);
    relay.stop().await;
    world.end().await;
}

pub(crate) async fn ready_tail(kafka: &KafkaConfig) -> Tail {
    let mut tail = Tail::start(kafka, Topic::Messages, &Metrics::new("tail").unwrap()).unwrap();
    let readiness = tail.readiness();
    // The positions are taken by the first call; it is given up once it has.
    while !readiness.is_ready() {
        let _ = tokio::time::timeout(Duration::from_millis(500), tail.next()).await;
    }
    tail
}

/// E-1, T-2: a post that is being stored holds up neither its own mark for ever nor those of other channels.
#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_locked_holds_up_no_other_mark() {
    let world = World::new(&["colink.messages"]).await;
    let log = TestLog::new(&world.pool).await;
    let (relay, handle, _) = start(&world, &log, world.pool.clone(), LogRelayConfig::default());
    until_owned(&handle).await;
    let (locked, free) = (log.channel().await, log.channel().await);
    // Handed over before its commit: the relay, which also searches the log, never sees it unlocked.
    let mut post = world.pool.begin().await.unwrap();
    let rows = [TestLog::append_within(&mut post, locked).await, log.append(free).await];
    for (row, published_seq) in rows {
        assert_eq!(handle.publish(row, published_seq), HandOver::Taken);
    }
    until_published(&log, free, 1).await;
    assert_eq!(log.published_seq(locked).await, 0);
    post.commit().await.unwrap();
    until_published(&log, locked, 1).await;
    relay.stop().await;
    world.end().await;
}
