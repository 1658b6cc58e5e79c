//! How the gateway takes its leave.

use std::time::{Duration, Instant};

use colink_test::{SOON, Socket};
use serde_json::json;

use crate::harness::Edge;
use crate::sockets::Node;

/// G-9: a stopping gateway tells its sockets to come back, between two frames, and does not wait for them.
#[tokio::test]
async fn sockets_are_told_to_come_back() {
    let (_node, _server, mut edge) = Node::start().await;
    let mut socket = Socket::connect(&format!("{}/ws", edge.service.base_url())).await;
    socket.send(&json!({"text": "x".repeat(100_000)})).await;
    socket.next_frame(SOON).await;
    let started = Instant::now();
    let (closed, ()) = tokio::join!(socket.await_close(), edge.service.stop());
    assert_eq!(closed.0, 4011);
    assert!(closed.1.starts_with("reconnect_in_ms="), "{closed:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "took {:?}", started.elapsed());
}

/// G-9: a call in flight is finished.
#[tokio::test]
async fn a_call_in_flight_is_finished() {
    let mut edge = Edge::start().await;
    let (client, stub) = (edge.client(), edge.stub.clone());
    let call = tokio::spawn(async move { client.get("/api/files/slow").await });
    colink_test::eventually("the call is under way", SOON, async || (stub.seen().len() == 1).then_some(()))
        .await;
    let opened = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stub.open_gate();
    };
    tokio::join!(edge.service.stop(), opened);
    call.await.unwrap().expect(200);
}
