//! How sockets end is counted: each once, whoever ended it.

use std::collections::BTreeMap;

use colink_core::clock::{Clock, SystemClock};
use colink_events::users::{SessionDowngraded, SessionRevoked};
use colink_test::{SOON, Settings, Socket, eventually};
use serde_json::json;

use crate::harness::Node;

/// O-1, R-8: what the session decides and what others decide is counted by the reason of its close code, before the client is
/// told; what clients do has two names, whatever codes they give.
#[tokio::test]
async fn every_end_of_a_socket_is_counted_once() {
    let node = Node::start_with(Settings::new().set("sockets.max_sockets_per_user", 3)).await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let mut expected = BTreeMap::new();
    let mut closed = async |socket: &mut Socket, code: u16, reason: &str| {
        assert_eq!(socket.await_close().await.0, code, "{reason}");
        *expected.entry(reason.to_owned()).or_insert(0) += 1;
        assert_eq!(node.ended().await, expected, "after {reason}");
    };

    // At the door.
    closed(&mut Socket::connect(&node.url_with("nonsense")).await, 4001, "unauthorized").await;
    let mut mute = Socket::connect(&format!("{}/ws", node.service.base_url())).await;
    mute.send(&json!({"type": "ping"})).await;
    closed(&mut mute, 4001, "unauthorized").await;
    let scopeless = node.stage.identity().mint(&ann).claim("scope", "users:read");
    closed(&mut Socket::connect(&node.url_with(&scopeless.sign())).await, 4004, "scope_missing").await;

    // By a rule that the client breaks.
    let mut malformed = node.connect(&ann).await;
    malformed.send_text("not json").await;
    closed(&mut malformed, 4002, "malformed").await;
    let mut flood = node.connect(&ann).await;
    for _ in 0..100 {
        flood.send_text(r#"{"type":"ping"}"#).await;
    }
    closed(&mut flood, 4008, "rate_exceeded").await;

    // From outside of the session, also when it is said twice.
    let (mut phone, mut laptop) = (node.connect(&ben).await, node.connect(&ben).await);
    let tablet = node.connect(&ben).await;
    closed(&mut Socket::connect(&node.url(&ben)).await, 1013, "overloaded").await;
    tablet.close().await;
    *expected.entry("client".to_owned()).or_insert(0) += 1;
    await_ended(&node, &expected).await;
    let (session_id, at) = (Some(ben.session_id), SystemClock.timestamp());
    let revoked = SessionRevoked { user_id: ben.id, session_id, reason: "logout".to_owned(), at };
    node.tell(&revoked).await;
    node.tell(&revoked).await;
    for socket in [&mut phone, &mut laptop] {
        assert_eq!(socket.await_close().await.0, 4003);
    }
    expected.insert("revoked".to_owned(), 2);
    await_ended(&node, &expected).await;

    // By a connection that breaks, also before anybody said who he is.
    drop(node.connect(&ann).await);
    drop(Socket::connect(&format!("{}/ws", node.service.base_url())).await);
    expected.insert("lost".to_owned(), 2);
    await_ended(&node, &expected).await;
    eventually("all are gone", SOON, async || (node.open_sockets().await == 0).then_some(())).await;
}

/// A-8, R-9: a session that goes on with fewer rights loses its sockets, and no other session does; the client comes back with
/// a new token.
#[tokio::test]
async fn the_sockets_of_a_downgraded_session_are_closed() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let (mut outdated, mut other) = (node.connect(&ann).await, node.connect(&ben).await);
    let (session_id, at) = (ann.session_id, SystemClock.timestamp());
    let reason = "second_factor_removed".to_owned();
    node.tell(&SessionDowngraded { user_id: ann.id, session_id, reason, at }).await;
    assert_eq!(outdated.await_close().await, (4001, "get a new token, then reconnect".to_owned()));
    node.settled(&mut other).await;
    // Nor does the old token open another one; a newer one of the session does.
    let old = node.stage.identity().mint(&ann).claim("iat", at.as_millis() / 1000 - 60).sign();
    assert_eq!(Socket::connect(&node.url_with(&old)).await.await_close().await.0, 4001);
    let new = node.stage.identity().mint(&ann).claim("iat", at.as_millis() / 1000).sign();
    Socket::connect(&node.url_with(&new)).await.await_type("hello").await;
}

/// G-9: a client that says who it is while the node goes down is sent to another one, and not left in silence.
#[tokio::test]
async fn who_comes_while_the_node_goes_down_is_sent_away() {
    let mut node = Node::start().await;
    let ann = node.user("ann");
    let token = node.stage.identity().token(&ann);
    let mut early = node.connect(&ann).await;
    let mut late = Socket::connect(&format!("{}/ws", node.service.base_url())).await;
    let told = async {
        // By then the node has closed every socket that it knew.
        assert_eq!(early.await_close().await.0, 4011);
        late.send(&json!({"type": "auth", "token": token})).await;
        let (code, reason) = late.await_close().await;
        assert_eq!(code, 4011);
        assert!(reason.starts_with("reconnect_in_ms="), "{reason}");
        drop((early, late));
    };
    tokio::join!(node.service.stop(), told);
}

async fn await_ended(node: &Node, expected: &BTreeMap<String, i64>) {
    eventually(&format!("{expected:?} are counted"), SOON, async || {
        (node.ended().await == *expected).then_some(())
    })
    .await;
}
