//! How large a body may be, and that a large one is never held whole.

use std::time::{Duration, Instant};

use bytes::Bytes;
use colink_test::{SOON, Settings};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use reqwest::{Body, Method};
use tokio::time::timeout;

use crate::harness::Edge;
use crate::stub::LARGE;
use crate::wire::Wire;

const MIB: usize = 1024 * 1024;

fn chunked(bytes: usize) -> Body {
    const CHUNK: usize = 32 * 1024;
    let chunks = std::iter::repeat_n(Bytes::from_static(&[b'x'; CHUNK]), bytes / CHUNK);
    let rest = Bytes::from(vec![b'x'; bytes % CHUNK]);
    Body::wrap_stream(stream::iter(chunks.chain([rest]).map(Ok::<_, std::io::Error>)))
}

/// G-5: a body over 1 MiB is refused, whether it says so or not, and no service takes it for whole.
#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let edge = Edge::start().await;
    let client = edge.client();
    for body in [Body::from(vec![b'x'; MIB + 1]), chunked(MIB + 1), chunked(3 * MIB)] {
        let request = client.request(Method::POST, "/api/channels/1/messages").raw("application/json", body);
        let answer = request.send().await.expect(413);
        assert_eq!(answer.error_code(), "PAYLOAD_TOO_LARGE");
    }
    assert!(edge.stub.whole().is_empty(), "no service got one");
    let mut wire = Wire::connect(edge.service.addr()).await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    wire.request("POST /api/channels/1/messages", &token, "content-length: 99999999999\r\n").await;
    assert_eq!(wire.head().await.status, 413, "at once, not when it has come");
}

/// G-5: a body of exactly 1 MiB passes, declared or chunked.
#[tokio::test]
async fn a_body_at_the_limit_passes() {
    let edge = Edge::start().await;
    let client = edge.client();
    for body in [Body::from(vec![b'x'; MIB]), chunked(MIB), Body::from(vec![b'x'; 64 * 1024]), Body::from("")]
    {
        let request = client.request(Method::POST, "/api/channels/1/messages").raw("application/json", body);
        request.send().await.expect(200);
    }
    assert_eq!(edge.stub.whole(), [MIB, MIB, 64 * 1024, 0]);
}

/// G-1: the first bytes of a large answer arrive while the service still writes the rest, whether it says how long it will
/// be or not.
#[tokio::test]
async fn a_large_answer_is_streamed() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let client = reqwest::Client::builder().timeout(SOON).build().unwrap();
    for path in ["large", "chunked"] {
        let url = format!("{}/api/files/{path}", edge.service.base_url());
        let mut answer = client.get(url).bearer_auth(&token).send().await.unwrap();
        let expected = (path == "large").then_some(LARGE as u64);
        assert_eq!(answer.content_length(), expected);
        let first = timeout(SOON, answer.chunk()).await.unwrap().unwrap().unwrap();
        edge.stub.open_gate();
        let mut total = first.len();
        while let Some(chunk) = timeout(SOON, answer.chunk()).await.unwrap().unwrap() {
            total += chunk.len();
        }
        assert_eq!(total, LARGE, "{path}");
    }
}

/// G-1: the first bytes of a large request arrive while the client still writes the rest.
#[tokio::test]
async fn a_large_request_is_streamed() {
    const CHUNK: usize = 128 * 1024;
    let edge = Edge::start().await;
    let stub = edge.stub.clone();
    let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; CHUNK]));
    let rest = stream::once(async move {
        stub.begun().await;
        chunk()
    });
    let body = Body::wrap_stream(stream::iter([chunk()]).chain(rest));
    let request = edge.client().request(Method::POST, "/api/channels/1/messages");
    let request = request.header("content-length", &(2 * CHUNK).to_string()).raw("application/json", body);
    assert_eq!(request.send().await.expect(200).value("/bytes"), 2 * CHUNK);
}

/// G-8: the deadline is for the beginning of an answer; one that keeps coming may take longer.
#[tokio::test]
async fn an_answer_that_keeps_coming_is_not_cut() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.deadline_ms", 2_000)).await;
    let started = Instant::now();
    let answer = edge.client().get("/api/files/trickle").await.expect(200);
    assert!(started.elapsed() > Duration::from_secs(2), "it was no slower than the deadline");
    assert_eq!(answer.body.len(), 80);
}

/// G-8: an answer that falls silent is cut, so that nobody waits for ever or takes it for whole.
#[tokio::test]
async fn an_answer_that_falls_silent_is_cut() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.deadline_ms", 400)).await;
    let started = Instant::now();
    let answer = edge.client().request(Method::GET, "/api/files/stall").try_send().await;
    assert!(answer.is_err(), "cut, not ended: {answer:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
}

/// G-5, G-8: a client that is slow or goes away is refused, and its service is not blamed.
#[tokio::test]
async fn a_slow_client_is_refused_and_opens_no_circuit() {
    let change = |settings: Settings| {
        settings.set("upstreams.deadline_ms", 2_000).set("server.body_timeout_ms", 2_000)
    };
    let edge = Edge::start_with(change).await;
    let (address, token) = (edge.service.addr(), edge.stage.identity().token(&edge.user("ann")));
    let token = token.as_str();
    join_all([200_000, 1_000].repeat(5).into_iter().map(|length| async move {
        let mut wire = Wire::connect(address).await;
        let headers = format!("content-length: {length}\r\n");
        wire.request("POST /api/channels/1/messages", token, &headers).await;
        wire.send("some bytes").await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }))
    .await;
    for _ in 0..6 {
        let mut wire = Wire::connect(address).await;
        wire.request("POST /api/channels/1/messages", token, "content-length: 200000\r\n").await;
        wire.send("and gone").await;
    }
    edge.client().get("/api/unreads").await.expect(200);
    assert!(edge.stub.whole().iter().all(|length| *length == 0), "only the last call came whole");
    assert!(edge.metric("circuit_opened_total", "").await < 0.5);
}
