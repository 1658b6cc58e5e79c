//! Which service gets which call.

use colink_test::{Settings, Stage};
use gateway::Gateway;
use gateway::domain::documents;
use gateway::domain::table::find;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Edge, SERVICES};
use crate::stub::Stub;
use crate::wire::Wire;

/// G-1: every call reaches the service that owns its path, under the same path without `/api`.
#[tokio::test]
async fn every_call_reaches_the_service_that_owns_it() {
    let stage = Stage::new();
    let stubs: Vec<Stub> = SERVICES.iter().map(|name| Stub::start(name)).collect();
    let settings = SERVICES.iter().zip(&stubs).fold(Settings::new(), |settings, (name, stub)| {
        settings.set(&format!("upstreams.{name}"), stub.authority())
    });
    let edge = stage.start::<Gateway>(settings).await;
    let client = edge.client(&stage.identity().user("ann"));
    let cases = [
        ("POST", "/auth/login", "auth"),
        ("GET", "/auth/me", "auth"),
        ("GET", "/users/me", "auth"),
        ("GET", "/.well-known/jwks.json", "auth"),
        ("GET", "/users/me/workspaces", "channels"),
        ("POST", "/workspaces", "channels"),
        ("POST", "/invites/abc/accept", "channels"),
        ("PUT", "/channels/1", "channels"),
        ("POST", "/dms", "channels"),
        ("POST", "/channels/1/messages", "messaging"),
        ("GET", "/dms/1/messages", "messaging"),
        ("GET", "/channels/1/pins", "messaging"),
        ("PUT", "/channels/1/read", "messaging"),
        ("PATCH", "/messages/1", "messaging"),
        ("DELETE", "/reactions/1", "messaging"),
        ("GET", "/unreads", "messaging"),
        ("GET", "/presence", "presence"),
        ("POST", "/files/upload-url", "files"),
        ("GET", "/search", "search"),
        ("GET", "/admin/audit-log", "admin"),
    ];
    for (method, path, owner) in cases {
        let answer = client.request(method.parse().unwrap(), &format!("/api{path}")).send().await.expect(200);
        assert_eq!(answer.text("/service"), owner, "{method} {path}");
        let stub = &stubs[SERVICES.iter().position(|name| *name == owner).unwrap()];
        let last = stub.seen().pop().unwrap();
        assert_eq!((last.method.as_str(), last.uri.as_str()), (method, path));
    }
    let keys = edge.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(keys.text("/service"), "auth", "the keys stand at the root, too");
}

/// G-1, G-2: internal and unknown paths are 404 in the envelope and reach nobody.
#[tokio::test]
async fn internal_and_unknown_paths_reach_no_service() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let paths = [
        "/internal/users/lookup",
        "/api/internal/users/lookup",
        "/api/internal",
        "/api/nothing",
        "/api",
        "/api/",
        "/apix/users/me",
        "/nothing",
        "/users/me",
        "/api/files/../internal/x",
        "/api/files/..%2finternal/x",
        "/api/files/%2e%2e/internal/x",
        "/api/%69nternal/users/lookup",
        "/%61pi/users/me",
        "/api/auth/%6cogin",
        "/api//internal/x",
        "//internal/x",
    ];
    let mut wire = Wire::connect(edge.service.addr()).await;
    for path in paths {
        wire.request(&format!("GET {path}"), &token, "").await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["error"]["code"], "NOT_FOUND", "{path}");
        assert!(body["meta"]["request_id"].is_string(), "{path}");
    }
    assert!(edge.stub.seen().is_empty());
}

/// G-1: what a client wrote after `/api` is what the service reads, byte for byte.
#[tokio::test]
async fn path_and_query_arrive_byte_for_byte() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let mut wire = Wire::connect(edge.service.addr()).await;
    let targets = [
        "/messages/1/reactions/%F0%9F%91%8D",
        "/messages/1/reactions/%f0%9f%91%8d%EF%B8%8F",
        "/messages/1/reactions/:+1:",
        "/search?q=a%20b+c%2F%2f&&x=&y&z=1=2?#",
        "/search?cursor=eyJhIjoxfQ%3D%3D&tab=messages|files",
        "/files?",
    ];
    for target in targets {
        wire.request(&format!("GET /api{target}"), &token, "").await;
        assert_eq!(wire.answer().await.status, 200, "{target}");
        // A fragment is no part of a target; it is cut off wherever it comes from.
        let seen = edge.stub.seen().pop().unwrap().uri;
        assert_eq!(seen, target.trim_end_matches('#'));
    }
}

/// G-1: every operation that a service documents can be reached through the gateway.
#[test]
fn every_documented_path_is_routed_to_its_service() {
    let forwarded = documents::SERVICES.into_iter().filter(|(service, _)| *service != documents::EDGE);
    for (service, text) in forwarded {
        let document: Value = serde_json::from_str(text).unwrap();
        for path in document["paths"].as_object().into_iter().flat_map(|paths| paths.keys()) {
            let example: Vec<&str> =
                path.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment }).collect();
            let owner = find(&example.join("/")).map(|route| route.upstream.name());
            assert!(
                owner == Some(service) || path == "/ws",
                "{service} documents {path}, which goes to {owner:?}"
            );
        }
    }
}

/// G-1: methods and bodies go through.
#[tokio::test]
async fn a_body_reaches_the_service() {
    let edge = Edge::start().await;
    let client = edge.client();
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer =
            client.request(method.clone(), "/api/channels/1").json(&json!({"name": "x"})).send().await;
        assert_eq!(answer.expect(200).value("/bytes"), 12, "{method}");
        let seen = edge.stub.seen().pop().unwrap();
        assert_eq!((seen.method.as_str(), seen.one("content-type")), (method.as_str(), "application/json"));
    }
}
