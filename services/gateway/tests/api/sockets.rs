//! Sockets through the gateway to a presence node.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, CloseReason};
use colink_test::{LocalServer, SOON, Settings, Socket, eventually};
use futures_util::StreamExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Edge, closed_address};
use crate::wire::Wire;

/// A presence node that says everything back, and notes how its sockets began and ended.
#[derive(Clone, Default)]
pub struct Node(Arc<Mutex<Vec<String>>>);

impl Node {
    pub async fn start() -> (Self, LocalServer, Edge) {
        let node = Self::default();
        let shared = node.clone();
        let server = LocalServer::start(move |app| {
            app.app_data(Data::new(shared.clone())).route("/ws", web::get().to(echo));
        });
        let change = |settings: Settings| settings.set("upstreams.presence", server.address().to_string());
        let edge = Edge::start_with(change).await;
        (node, server, edge)
    }

    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().iter().any(|note| note == what)
    }
}

async fn echo(node: Data<Node>, request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    node.note(format!("uri {}", request.uri()));
    for (name, value) in request.headers() {
        node.note(format!("{name}: {}", value.to_str().unwrap()));
    }
    if request.query_string() == "refuse" {
        return Ok(HttpResponse::Forbidden().finish());
    }
    let (response, mut session, frames) = actix_ws::handle(&request, body)?;
    let mut frames = frames.max_frame_size(4 << 20).aggregate_continuations().max_continuation_size(4 << 20);
    actix_web::rt::spawn(async move {
        while let Some(Ok(frame)) = frames.next().await {
            match frame {
                AggregatedMessage::Text(text) if text == "\"leave\"" => {
                    let reason = CloseReason { code: 4003.into(), description: Some("go".to_owned()) };
                    session.close(Some(reason)).await.unwrap();
                    return;
                }
                AggregatedMessage::Text(text) => session.text(text).await.unwrap(),
                AggregatedMessage::Close(reason) => {
                    let code = reason.map_or(0, |reason| reason.code.into());
                    node.note(format!("closed {code}"));
                    drop(session.close(None).await);
                    return;
                }
                _ => {}
            }
        }
        node.note("vanished");
    });
    Ok(response)
}

fn url(edge: &Edge, path: &str) -> String {
    format!("{}{path}", edge.service.base_url())
}

/// G-1: frames pass both ways, small and large, many in a row.
#[tokio::test]
async fn frames_pass_both_ways() {
    let (_node, _server, edge) = Node::start().await;
    for path in ["/ws", "/api/ws"] {
        let mut socket = Socket::connect(&url(&edge, path)).await;
        for count in 0..200 {
            socket.send(&json!({"count": count})).await;
        }
        for count in 0..200 {
            assert_eq!(socket.next_frame(SOON).await, json!({"count": count}));
        }
        for size in [125, 126, 65_535, 65_536, 2 << 20] {
            let large = json!({"text": "x".repeat(size)});
            socket.send(&large).await;
            assert_eq!(socket.next_frame(SOON).await, large, "{size}");
        }
        socket.close().await;
    }
}

/// G-2, G-3: the node gets the query, the token and who called; nothing else that a client may claim.
#[tokio::test]
async fn the_upgrade_says_who_called() {
    let (node, _server, edge) = Node::start().await;
    let headers = [
        ("x-request-id", "mine"),
        ("x-forwarded-for", "6.6.6.6"),
        ("x-user-id", "1"),
        ("origin", "https://chat.test"),
        ("authorization", "Bearer t"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let socket = Socket::try_connect(&url(&edge, "/ws?token=a%2Fb&x"), &headers).await.unwrap();
    let expected = [
        "uri /ws?token=a%2Fb&x",
        "x-request-id: mine",
        "x-forwarded-for: 127.0.0.1",
        "origin: https://chat.test",
        "authorization: Bearer t",
    ];
    for expected in expected {
        assert!(node.has(expected), "{expected}: {:?}", node.0.lock().unwrap());
    }
    let notes = node.0.lock().unwrap().clone();
    assert!(!notes.iter().any(|note| note.contains("6.6.6.6") || note.starts_with("x-user-id")), "{notes:?}");
    assert!(notes.iter().any(|note| note.starts_with("traceparent: 00-0af7651916cd43dd8448eb211c80319c-")));
    socket.close().await;
}

/// G-1: a close by the node reaches the client with its code.
#[tokio::test]
async fn a_close_by_the_node_reaches_the_client() {
    let (_node, _server, edge) = Node::start().await;
    let mut socket = Socket::connect(&url(&edge, "/ws")).await;
    socket.send(&json!("leave")).await;
    assert_eq!(socket.await_close().await, (4003, "go".to_owned()));
}

/// G-1: a close by the client, or its disappearance, reaches the node, and the tunnel is gone.
#[tokio::test]
async fn a_close_by_the_client_reaches_the_node() {
    let (node, _server, edge) = Node::start().await;
    let mut socket = Socket::connect(&url(&edge, "/ws")).await;
    let mut other = Socket::connect(&url(&edge, "/ws")).await;
    other.send(&json!(1)).await;
    other.next_frame(SOON).await;
    assert!((edge.metric("websocket_tunnels", "").await - 2.0).abs() < 0.1);

    socket.send_message(Message::Close(None)).await;
    socket.await_close().await;
    eventually("the node sees the close", SOON, async || node.has("closed 0").then_some(())).await;

    drop(other);
    eventually("the node sees the end", SOON, async || node.has("vanished").then_some(())).await;
    eventually("no tunnel is left", SOON, async || {
        (edge.metric("websocket_tunnels", "").await < 0.5).then_some(())
    })
    .await;
}

/// G-8: a node that dies takes its sockets with it, soon.
#[tokio::test]
async fn a_node_that_dies_ends_the_socket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let edge = Edge::start_with(|settings| settings.set("upstreams.presence", address)).await;
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    });
    let mut socket = Socket::connect(&url(&edge, "/ws")).await;
    drop(accepted.await.unwrap());
    let started = Instant::now();
    assert_eq!(socket.await_close().await.0, 1006);
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
}

/// G-8: without a node the upgrade is answered 503 in the envelope, at once.
#[tokio::test]
async fn without_a_node_the_upgrade_gets_503() {
    let edge = Edge::start_with(|settings| settings.set("upstreams.presence", closed_address())).await;
    let started = Instant::now();
    let refused = Socket::try_connect(&url(&edge, "/ws"), &[]).await;
    assert_eq!(refused.err(), Some(503));
    assert!(started.elapsed() < Duration::from_secs(2), "took {:?}", started.elapsed());
    let mut wire = Wire::connect(edge.service.addr()).await;
    wire.request("GET /ws", "t", "connection: upgrade\r\nupgrade: websocket\r\n").await;
    let answer = wire.answer().await;
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, body["error"]["code"].as_str()), (503, Some("SERVICE_UNAVAILABLE")));
}

/// G-8: a node that is mute gets 504 at its deadline.
#[tokio::test]
async fn a_mute_node_gets_504() {
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let change = |settings: Settings| {
        settings
            .set("upstreams.deadline_ms", 300)
            .set("upstreams.presence", mute.local_addr().unwrap().to_string())
    };
    let edge = Edge::start_with(change).await;
    assert_eq!(Socket::try_connect(&url(&edge, "/ws"), &[]).await.err(), Some(504));
}

/// G-1: what is no upgrade is 400, and the node's own refusal reaches the client.
#[tokio::test]
async fn what_is_no_upgrade_is_refused() {
    let (_node, _server, edge) = Node::start().await;
    let plain = edge.service.anonymous().get("/ws").await.expect(400);
    assert_eq!(plain.error_code(), "INVALID_REQUEST");
    edge.service.anonymous().post("/ws", &json!({})).await.expect(405);
    assert_eq!(Socket::try_connect(&url(&edge, "/ws?refuse"), &[]).await.err(), Some(403));
    let mut wire = Wire::connect(edge.service.addr()).await;
    wire.request("GET /ws", "t", "connection: upgrade\r\nupgrade: websocket\r\n").await;
    assert_eq!(wire.answer().await.status, 400, "an upgrade without a key");
}

/// G-4: opening sockets is counted by address.
#[tokio::test]
async fn opening_sockets_is_counted() {
    let server = LocalServer::start(|app| {
        app.app_data(Data::new(Node::default())).route("/ws", web::get().to(echo));
    });
    let change = |settings: Settings| {
        settings
            .set("upstreams.presence", server.address().to_string())
            .set("limits.socket_burst", 2)
            .set("limits.socket_per_minute", 1)
    };
    let edge = Edge::start_with(change).await;
    for _ in 0..2 {
        Socket::connect(&url(&edge, "/ws")).await.close().await;
    }
    assert_eq!(Socket::try_connect(&url(&edge, "/ws"), &[]).await.err(), Some(429));
    edge.client().get("/api/unreads").await.expect(200);
}
