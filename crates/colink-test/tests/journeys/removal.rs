//! C-6, R-9: a member who is taken out of a channel is out of it everywhere, within a second.

use std::time::{Duration, Instant};

use colink_test::{SOON, Socket, Stage, eventually};
use serde_json::{Value, json};

use crate::company::{Company, open, plan};

const LIMIT: Duration = Duration::from_secs(1);
/// A machine that tests run on may stand still for a second; it does not do so every time.
const ROUNDS: usize = 3;

/// A socket of Bob's that follows the channel from its head.
async fn follow(node: &str, company: &Company) -> Socket {
    let mut socket = Socket::connect(&format!("{node}/ws?token={}", company.bob.token)).await;
    socket.send(&json!({"type": "subscribe", "channel_id": company.channel})).await;
    socket.await_type("subscribed").await;
    socket
}

async fn told(socket: &mut Socket, since: Instant) -> Duration {
    socket.await_type("channel_removed").await;
    since.elapsed()
}

/// How long after `since` his next message was refused.
async fn refused(company: &Company, since: Instant) -> Duration {
    let path = format!("/api/channels/{}/messages", company.channel);
    eventually("a removed member's message is refused", SOON, async || {
        let answer = company.bob.api.post(&path, &json!({"content": "still here"})).await;
        (answer.status == 403).then_some(())
    })
    .await;
    since.elapsed()
}

/// Adds Bob, removes him, and answers the longest time that something of it took.
async fn round(company: &Company, nodes: &[&str; 2]) -> Duration {
    let members = format!("/api/channels/{}/members", company.channel);
    company.alice.api.post(&members, &json!({"user_id": company.bob.id})).await.expect(200);
    let [mut first, mut second] = [follow(nodes[0], company).await, follow(nodes[1], company).await];
    company.bob.post(&company.channel, "before").await;
    for socket in [&mut first, &mut second] {
        socket.await_type("message").await;
    }
    let since = Instant::now();
    company.alice.api.delete(&format!("{members}/{}", company.bob.id)).await.expect(204);
    let times = tokio::join!(refused(company, since), told(&mut first, since), told(&mut second, since));
    let longest = times.0.max(times.1).max(times.2);
    company.alice.post(&company.channel, "behind his back").await;
    for socket in [&mut first, &mut second] {
        socket.send(&json!({"type": "ping"})).await;
        socket.await_type("pong").await;
        let heard = |frame: &Value| frame["data"]["content"] == "behind his back";
        assert!(!socket.seen().iter().any(heard), "{:?}", socket.seen());
    }
    longest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_out_within_a_second() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let gateway = company.fleet.client("gateway").base_url().to_owned();
    let second = company.fleet.client("presence-2").base_url().to_owned();
    let mut times = Vec::new();
    while times.iter().all(|time| *time > LIMIT) {
        assert!(times.len() < ROUNDS, "it took {times:?}");
        times.push(round(&company, &[&gateway, &second]).await);
    }
}
