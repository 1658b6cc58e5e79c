//! Clients that do not read what they are sent.

use colink_test::{Incoming, SOON, Socket, eventually};
use serde_json::{Value, json};

use crate::harness::Node;

/// What the kernels of both sides hold for a connection, and the node's own queue, are a fraction of this.
const POSTS: i64 = 1_200;

fn seq(frame: &Value) -> i64 {
    frame["seq"].as_i64().unwrap()
}

/// The numbers up to the end of the connection, which must be a row without a hole.
async fn read_to_the_end(socket: &mut Socket) -> (i64, u16) {
    let mut last = 0;
    loop {
        match socket.next(SOON).await.unwrap() {
            Incoming::Frame(frame) if frame["type"] == "message" => {
                assert_eq!(seq(&frame), last + 1, "a hole behind {last}");
                last += 1;
            }
            Incoming::Frame(_) => {}
            Incoming::Closed { code, .. } => return (last, code),
        }
    }
}

/// a client that stops reading is closed with a code that lets it resume. What it reads of the connection has no
/// hole, and its resume brings the rest; others lose nothing by it.
#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_resumes_without_a_hole() {
    let node = Node::start().await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let mut slow = node.follow(&ann, channel).await;
    let mut quick = node.follow(&ben, channel).await;
    let text = "x".repeat(8_000);
    for number in 1..=POSTS {
        node.post(channel, &text).await;
        assert_eq!(seq(&quick.await_type("message").await), number);
    }
    let given_up = async || node.ended().await.contains_key("too_slow").then_some(());
    eventually("the node gives the client up", SOON, given_up).await;

    let (last, code) = read_to_the_end(&mut slow).await;
    assert_eq!(code, 4010);
    assert!((1..POSTS).contains(&last), "{last}");
    let mut again = node.connect(&ann).await;
    again.send(&json!({"type": "subscribe", "channel_id": channel, "after": last})).await;
    again.await_type("subscribed").await;
    for number in last + 1..=POSTS {
        assert_eq!(seq(&again.await_type("message").await), number);
    }
}
