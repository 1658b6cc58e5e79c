//! Who is not in the private channel, and what is closed to him: a colleague of the same workspace, and a stranger.

use colink_test::{Answer, Fleet, Socket, unique};
use serde_json::{Value, json};

use crate::cast::{Person, sign_up};
use crate::company::Company;
use crate::listener::Listener;

/// Signs up and becomes a member of the workspace, not of the channel.
pub async fn join(company: &mut Company, name: &str) -> Person {
    let person = sign_up(&mut company.fleet, name).await;
    let invites = format!("/api/workspaces/{}/invites", company.workspace);
    let invite = company.alice.api.post(&invites, &json!({"role": "member"})).await.expect(201);
    let accept = format!("/api/invites/{}/accept", invite.text("/token"));
    person.api.post(&accept, &json!({})).await.expect(200);
    person
}

/// A colleague may know that the channel is there, and nothing of what is in it: neither what was said, up to the event `head`,
/// nor what is said now.
pub async fn a_colleague_sees_nothing(company: &mut Company, colleague: &Person, head: i64) {
    let (api, channel) = (&colleague.api, &company.channel);
    let gateway = company.fleet.client("gateway");
    let mut insider = Listener::follow(gateway.base_url(), &company.alice.token, channel).await;
    insider.until(head).await;
    let message = insider.frames[0]["data"]["id"].as_str().unwrap();
    for path in [
        format!("/api/channels/{channel}"),
        format!("/api/channels/{channel}/messages"),
        format!("/api/channels/{channel}/events?after=0"),
        format!("/api/channels/{channel}/pins"),
        format!("/api/channels/{channel}/members"),
        format!("/api/messages/{message}"),
    ] {
        forbidden(&api.get(&path).await);
    }
    let post = json!({"content": "let me in"});
    forbidden(&api.post(&format!("/api/channels/{channel}/messages"), &post).await);
    for filter in ["q=message".to_owned(), format!("channel_id={channel}")] {
        let path = format!("/api/search?{filter}&workspace_id={}", company.workspace);
        assert_eq!(api.get(&path).await.expect(200).value("/items"), json!([]), "{path}");
    }

    let mut socket = connect(&mut company.fleet, colleague).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    assert_eq!(socket.await_type("error").await["code"], "FORBIDDEN");
    company.alice.post(channel, "said while he listens").await;
    insider.until(head + 1).await;
    socket.send(&json!({"type": "ping"})).await;
    socket.await_type("pong").await;
    let is_of_channel = |frame: &&Value| frame["type"] != "error" && frame["channel_id"] == channel.as_str();
    let told: Vec<&Value> = socket.seen().iter().filter(is_of_channel).collect();
    assert!(told.is_empty(), "{told:?}");
}

/// Nor can he see or load a file of the channel.
pub async fn a_file_is_closed(company: &Company, colleague: &Person, file: &str) {
    let api = &colleague.api;
    forbidden(&api.get(&format!("/api/files/{file}")).await);
    forbidden(&api.get(&format!("/api/files/{file}/download-url")).await);
    forbidden(&api.get(&format!("/api/files?channel_id={}", company.channel)).await);
    for path in ["files?", "search?tab=files&q=minutes&"] {
        let path = format!("/api/{path}workspace_id={}", company.workspace);
        assert_eq!(api.get(&path).await.expect(200).value("/items"), json!([]), "{path}");
    }
}

#[track_caller]
fn forbidden(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer}");
    assert_eq!(answer.error_code(), "FORBIDDEN", "{answer}");
}

async fn connect(fleet: &mut Fleet, person: &Person) -> Socket {
    Socket::connect(&format!("{}/ws?token={}", fleet.client("gateway").base_url(), person.token)).await
}

/// Somebody from another workspace gets the answers of an id that does not exist.
pub async fn strangers_see_nothing(company: &mut Company) {
    let mallory = sign_up(&mut company.fleet, "mallory").await;
    let own = json!({"name": "Elsewhere", "slug": format!("elsewhere-{}", unique())});
    let own = mallory.api.post("/api/workspaces", &own).await.expect(201).text("/id");
    let channel = &company.channel;
    for path in [
        format!("/api/channels/{channel}"),
        format!("/api/channels/{channel}/messages"),
        format!("/api/channels/{channel}/events?after=0"),
    ] {
        let answer = mallory.api.get(&path).await.expect(404);
        assert_eq!(answer.error_code(), "NOT_FOUND", "{path}");
    }
    let post = json!({"content": "let me in"});
    mallory.api.post(&format!("/api/channels/{channel}/messages"), &post).await.expect(404);
    let found = mallory.api.get(&format!("/api/search?q=message&workspace_id={own}")).await.expect(200);
    assert_eq!(found.value("/items"), json!([]));
    mallory.api.get(&format!("/api/search?q=message&workspace_id={}", company.workspace)).await.expect(404);
    let mut socket = connect(&mut company.fleet, &mallory).await;
    socket.send(&json!({"type": "subscribe", "channel_id": channel, "after": 0})).await;
    let refusal = socket.await_type("error").await;
    assert_eq!(refusal["code"], "NOT_FOUND");
}
