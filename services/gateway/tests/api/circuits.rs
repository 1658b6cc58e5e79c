//! Services that are down or slow.

use std::time::{Duration, Instant};

use colink_test::{SOON, Settings, eventually};
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Edge, closed_address};
use crate::wire::{Fate, RawServer};

/// G-8: a service that is down is answered for quickly, in the envelope.
#[tokio::test]
async fn a_service_that_is_down_gets_503_at_once() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.search", closed_address())).await;
    let started = Instant::now();
    let answer = edge.client().get("/api/search?q=x").await.expect(503);
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    assert!(answer.header("retry-after").is_some());
    assert!(started.elapsed() < Duration::from_secs(2), "took {:?}", started.elapsed());
    edge.client().get("/api/unreads").await.expect(200);
    assert!(edge.metric("upstream_failures_total", "unreachable").await > 0.5);
}

/// G-8: a service that is slow is answered for at its deadline; nothing is repeated, since it may still work.
#[tokio::test]
async fn a_service_that_is_slow_gets_504_at_its_deadline() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.deadline_ms", 300)).await;
    let started = Instant::now();
    let answer = edge.client().get("/api/files/slow").await.expect(504);
    assert_eq!(answer.error_code(), "UPSTREAM_TIMEOUT");
    assert!(started.elapsed() >= Duration::from_millis(300) && started.elapsed() < Duration::from_secs(3));
    assert_eq!(edge.stub.seen().len(), 1);
    assert!(edge.metric("upstream_failures_total", "timed_out").await > 0.5);
}

/// G-8: the fifth failure opens the circuit, the sixth call is refused without waiting, and other services go on.
#[tokio::test]
async fn five_failures_open_the_circuit_of_one_service() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    // So long that a call that waits for it is told from a refusal on a busy machine.
    let change = |settings: Settings| {
        settings
            .set("upstreams.deadline_ms", 3_000)
            .set("upstreams.search", mute.local_addr().unwrap().to_string())
    };
    let edge = Edge::start_with(change).await;
    let client = edge.client();
    let failed = join_all((0..5).map(|_| client.get("/api/search?q=x"))).await;
    assert!(failed.iter().all(|answer| answer.status == 504), "{failed:?}");
    let started = Instant::now();
    let refused = client.get("/api/search?q=x").await.expect(503);
    assert!(started.elapsed() < Duration::from_secs(2), "took {:?}", started.elapsed());
    assert_eq!(refused.error_code(), "SERVICE_UNAVAILABLE");
    assert!(refused.header("retry-after").is_some());
    client.get("/api/unreads").await.expect(200);
    assert!((edge.metric("circuit_opened_total", "search").await - 1.0).abs() < 0.1);
}

/// G-8: of a service that says it is ready and hangs all the same, one caller at a time waits for the deadline; others are
/// refused at once, until one was answered.
#[tokio::test]
async fn a_service_that_hangs_keeps_its_circuit_open() {
    let change = |settings: Settings| {
        let settings = settings.set("upstreams.deadline_ms", 600);
        settings.set("limits.read_burst", 100_000).set("limits.read_per_minute", 1_000_000)
    };
    let edge = Edge::start_with(change).await;
    let client = edge.client();
    for _ in 0..5 {
        client.get("/api/files/slow").await.expect(504);
    }
    for trial in 1..=2 {
        eventually(&format!("trial {trial}"), SOON, async || {
            let answers = join_all((0..10).map(|_| client.get("/api/files/slow"))).await;
            let waited = answers.iter().filter(|answer| answer.status == 504).count();
            assert!(waited <= 1, "{waited} callers waited");
            assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 503 | 504)));
            (waited == 1).then_some(())
        })
        .await;
    }
    eventually("the circuit is closed", SOON, async || {
        (client.get("/api/files/1").await.status == 200).then_some(())
    })
    .await;
    let answers = join_all((0..10).map(|_| client.get("/api/files/1"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}

/// G-8: a service that is back is found by the probe, long before the circuit would try by itself.
#[tokio::test]
async fn the_circuit_closes_when_the_service_is_back() {
    let address = closed_address();
    let edge = Edge::start_with(|settings| settings.set("upstreams.search", address.as_str())).await;
    let client = edge.client();
    for _ in 0..6 {
        client.get("/api/search?q=x").await.expect(503);
    }
    let back = RawServer::start(&address, &[Fate::Answered]).await;
    eventually("the circuit is closed", SOON, async || {
        (client.get("/api/search?q=x").await.status == 200).then_some(())
    })
    .await;
    assert!(back.requests() > 0);
}

/// G-8: what a service answers, 5xx included, is its answer and no failure to reach it.
#[tokio::test]
async fn refusals_of_a_service_open_no_circuit() {
    let edge = Edge::start().await;
    let client = edge.client();
    for _ in 0..8 {
        client.post("/api/files/missing", &json!({})).await.expect(404);
    }
    client.get("/api/files/1").await.expect(200);
}
