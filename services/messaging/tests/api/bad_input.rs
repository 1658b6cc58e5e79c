use colink_core::clock::SystemClock;
use colink_core::id::MessageId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::World;

/// T-4, M-1: what is wrong with a send is told for every field, with the right code and never with a 5xx.
#[actix_web::test]
async fn bad_sends_name_every_bad_field() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let files: Vec<String> = (0..11).map(|_| MessageId::generate(&SystemClock).to_string()).collect();
    let same = vec![files[0].clone(), files[0].clone()];
    let cases: Vec<(Value, &str, Vec<&str>)> = vec![
        (json!({}), "VALIDATION_ERROR", vec!["content"]),
        (json!({ "content": " \n\t" }), "VALIDATION_ERROR", vec!["content"]),
        (json!({ "content": "\u{200B}" }), "VALIDATION_ERROR", vec!["content"]),
        (json!({ "content": "a\u{0007}" }), "VALIDATION_ERROR", vec!["content"]),
        (
            json!({ "content": "", "thread_id": "x", "client_msg_id": "" }),
            "VALIDATION_ERROR",
            vec!["content", "thread_id", "client_msg_id"],
        ),
        (
            json!({ "content": "a", "client_msg_id": "x".repeat(65) }),
            "VALIDATION_ERROR",
            vec!["client_msg_id"],
        ),
        (json!({ "content": "a", "client_msg_id": "é" }), "VALIDATION_ERROR", vec!["client_msg_id"]),
        (json!({ "content": "a", "file_ids": files }), "VALIDATION_ERROR", vec!["file_ids"]),
        (json!({ "content": "a", "file_ids": same }), "VALIDATION_ERROR", vec!["file_ids[1]"]),
        (json!({ "content": "a", "file_ids": ["x"] }), "VALIDATION_ERROR", vec!["file_ids[0]"]),
        (
            json!({ "content": "a", "thread_id": MessageId::generate(&SystemClock) }),
            "VALIDATION_ERROR",
            vec!["thread_id"],
        ),
        (json!({ "content": 1 }), "INVALID_REQUEST", vec!["content"]),
        (json!({ "content": "a", "text": "b" }), "INVALID_REQUEST", vec!["text"]),
        (json!({ "content": "a\u{0}" }), "INVALID_REQUEST", vec!["content"]),
    ];
    for (body, code, fields) in cases {
        let refused = ada.post(channel, &body).await.expect(400);
        assert_eq!(
            (refused.error_code().as_str(), refused.error_fields()),
            (code, fields.into_iter().map(String::from).collect()),
            "{body}"
        );
    }
    ada.post(channel, &json!({ "content": "a", "client_msg_id": "x".repeat(64) })).await.expect(201);
    let path = format!("/channels/{channel}/messages");
    let raw = async |media: &str, body: &'static str| {
        ada.client.request(Method::POST, &path).raw(media, body).send().await.status.as_u16()
    };
    assert_eq!(raw("application/json", "").await, 400);
    assert_eq!(raw("application/json", "{").await, 400);
    assert_eq!(raw("application/json", "[]").await, 400);
    assert_eq!(raw("application/json", r#"{"content":"\ud800"}"#).await, 400);
    assert_eq!(raw("text/plain", "{}").await, 415);
    ada.client.post("/channels/not-an-id/messages", &json!({ "content": "a" })).await.expect(400);
    world.finish().await;
}

/// T-4, A-4: without a good token nothing is told.
#[actix_web::test]
async fn bad_tokens_are_refused_everywhere() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let id = ada.says(channel, "x").await.text("/id");
    let expired = world.stage.identity().mint(&ada.user).expired();
    let expired = world.messaging.anonymous().bearer(&expired.sign());
    let paths = [
        (Method::POST, format!("/channels/{channel}/messages")),
        (Method::GET, format!("/channels/{channel}/messages")),
        (Method::GET, format!("/messages/{id}")),
        (Method::PUT, format!("/messages/{id}")),
        (Method::DELETE, format!("/messages/{id}")),
        (Method::GET, format!("/messages/{id}/edits")),
        (Method::POST, format!("/messages/{id}/threads")),
        (Method::GET, format!("/messages/{id}/threads")),
        (Method::POST, format!("/messages/{id}/reactions")),
        (Method::GET, format!("/messages/{id}/reactions")),
        (Method::DELETE, format!("/messages/{id}/reactions/x")),
        (Method::DELETE, format!("/reactions/{id}")),
        (Method::POST, format!("/messages/{id}/pin")),
        (Method::DELETE, format!("/messages/{id}/pin")),
        (Method::GET, format!("/channels/{channel}/pins")),
        (Method::GET, format!("/channels/{channel}/events")),
        (Method::PUT, format!("/channels/{channel}/read")),
        (Method::GET, "/unreads".to_owned()),
    ];
    for (method, path) in paths {
        for (client, code) in [(&expired, "TOKEN_EXPIRED"), (&world.messaging.anonymous(), "UNAUTHORIZED")] {
            let answer = client.request(method.clone(), &path).json(&json!({})).send().await.expect(401);
            assert_eq!(answer.error_code(), code, "{method} {path}");
        }
    }
    world.finish().await;
}

/// T-4: parameters and ids that cannot be read are 400, and those of nothing are 404.
#[actix_web::test]
async fn bad_parameters_are_named() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let id = ada.says(channel, "x").await.text("/id");
    for (query, field) in [
        ("before=-1", "before"),
        ("after=x", "after"),
        ("around=", ""),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("cursor=zzz", "cursor"),
        ("page=0", "page"),
        ("page=4000000000", "page"),
        ("before=1&after=1", "before"),
        ("offset=1", "offset"),
    ] {
        let answer = ada.client.get(&format!("/channels/{channel}/messages?{query}")).await;
        if field.is_empty() {
            answer.expect(200);
        } else {
            assert_eq!(answer.expect(400).error_fields(), [field], "{query}");
        }
    }
    let missing = MessageId::generate(&SystemClock);
    ada.client.get(&format!("/channels/{channel}/messages?before={missing}")).await.expect(404);
    for path in ["", "/edits", "/threads", "/reactions"] {
        ada.client.get(&format!("/messages/{missing}{path}")).await.expect(404);
        ada.client.get(&format!("/messages/42{path}")).await.expect(400);
    }
    for path in ["edits", "threads", "reactions"] {
        for query in ["limit=0", "limit=101", "cursor=zzz", "x=1"] {
            ada.client.get(&format!("/messages/{id}/{path}?{query}")).await.expect(400);
        }
    }
    ada.client.delete(&format!("/messages/{missing}")).await.expect(404);
    ada.client.put(&format!("/messages/{missing}"), &json!({ "content": "x" })).await.expect(404);
    ada.client.put(&format!("/messages/{id}"), &json!({})).await.expect(400);
    ada.client.delete(&format!("/reactions/{missing}")).await.expect(404);
    ada.client.delete(&format!("/messages/{id}/reactions/nope")).await.expect(400);
    ada.client.get("/unreads?workspace_id=x").await.expect(400);
    ada.client.post(&format!("/messages/{id}/nothing"), &json!({})).await.expect(404);
    ada.client.patch(&format!("/channels/{channel}/messages"), &json!({})).await.expect(405);
    world.finish().await;
}
