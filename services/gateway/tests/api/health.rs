//! How the fleet is.

use std::time::{Duration, Instant};

use colink_test::Settings;
use futures_util::future::join_all;

use crate::harness::{Edge, SERVICES, closed_address};

/// G-7: every service with its stores.
#[tokio::test]
async fn a_healthy_fleet_is_200() {
    let edge = Edge::start().await;
    let health = edge.service.anonymous().get("/health").await.expect(200).json();
    assert_eq!(health["status"], "healthy");
    assert!(health["uptime"].is_u64() && health["timestamp"].is_string());
    let services = health["services"].as_object().unwrap();
    assert_eq!(services.len(), SERVICES.len());
    for name in SERVICES {
        assert_eq!(services[name]["status"], "healthy", "{name}");
        assert_eq!(services[name]["dependencies"]["postgres"]["status"], "healthy", "{name}");
    }
}

/// G-7: a service without something that it can do without is degraded, and so is the fleet.
#[tokio::test]
async fn a_degraded_service_is_200() {
    let edge = Edge::start().await;
    edge.stub.set_ready(200, "degraded");
    let health = edge.service.anonymous().get("/health").await.expect(200).json();
    assert_eq!(health["status"], "degraded");
}

/// G-7: a service that cannot work, or does not answer, makes the fleet unhealthy.
#[tokio::test]
async fn a_service_that_is_down_is_503() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.search", closed_address())).await;
    let health = edge.service.anonymous().get("/health").await.expect(503).json();
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["services"]["search"]["status"], "unhealthy");
    assert_eq!(health["services"]["auth"]["status"], "healthy");

    let sick = Edge::start().await;
    sick.stub.set_ready(503, "unhealthy");
    let health = sick.service.anonymous().get("/health").await.expect(503).json();
    assert_eq!(health["services"]["auth"]["dependencies"]["postgres"]["status"], "unhealthy");
}

/// G-7: whoever asks, and how many do, each service is asked once a second.
#[tokio::test]
async fn many_who_ask_ask_each_service_once() {
    let edge = Edge::start().await;
    let client = edge.service.anonymous();
    let answers = join_all((0..30).map(|_| client.get("/health"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(edge.stub.asked(), SERVICES.len());
}

/// G-7: a service that says nothing does not hold the answer up for long.
#[tokio::test]
async fn a_mute_service_is_not_waited_for() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let change =
        |settings: Settings| settings.set("upstreams.search", mute.local_addr().unwrap().to_string());
    let edge = Edge::start_with(change).await;
    let started = Instant::now();
    edge.service.anonymous().get("/health").await.expect(503);
    assert!(started.elapsed() < Duration::from_secs(4), "took {:?}", started.elapsed());
}
