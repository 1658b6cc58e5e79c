//! What the gateway serves itself.

use gateway::domain::documents::EDGE;
use serde_json::Value;

use crate::harness::{Edge, SERVICES};

/// G-6: one document of all services, in the form of OpenAPI 3.1; every path stands behind `/api`, but for the gateway's own.
#[tokio::test]
async fn one_document_describes_the_fleet() {
    let edge = Edge::start().await;
    let answer = edge.service.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/channels/{channel_id}/messages"), "{:?}", paths.keys());
    let (forwarded, own): (Vec<_>, Vec<_>) = paths.keys().partition(|path| path.starts_with("/api/"));
    assert!(forwarded.iter().all(|path| !path.contains("/internal")));
    assert_eq!(own, ["/health", "/openapi.json", "/openapi/{service}.json"]);
    assert_eq!(document["paths"]["/health"]["get"]["tags"], serde_json::json!([EDGE]));
    let tags: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(tags, [&SERVICES[..], &[EDGE]].concat());
    assert_references_resolve(&document, &document);
}

fn assert_references_resolve(value: &Value, document: &Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                let pointer = reference.trim_start_matches('#');
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            object.values().for_each(|inner| assert_references_resolve(inner, document));
        }
        Value::Array(items) => items.iter().for_each(|inner| assert_references_resolve(inner, document)),
        _ => {}
    }
}

/// G-6: each service's own document, and the gateway's.
#[tokio::test]
async fn every_service_has_its_document() {
    let edge = Edge::start().await;
    let anonymous = edge.service.anonymous();
    for name in SERVICES {
        let answer = anonymous.get(&format!("/openapi/{name}.json")).await.expect(200);
        assert!(answer.json().is_object(), "{name}");
    }
    let messaging = anonymous.get("/openapi/messaging.json").await.expect(200).json();
    assert!(messaging["paths"].get("/channels/{channel_id}/messages").is_some());
    let own = anonymous.get("/openapi/gateway.json").await.expect(200).json();
    assert_eq!(own["paths"]["/health"]["get"]["operationId"], "get_fleet_health");
    let unknown = anonymous.get("/openapi/nothing.json").await.expect(404);
    assert_eq!(unknown.error_code(), "NOT_FOUND");
}

/// G-6, G-5: the page that shows the document may run its own scripts and nothing else.
#[tokio::test]
async fn the_documents_can_be_browsed() {
    let edge = Edge::start().await;
    let anonymous = edge.service.anonymous();
    let redirected = anonymous.get("/docs").await;
    assert!(redirected.status.is_redirection());
    assert_eq!(redirected.header("location"), Some("/docs/"));
    let page = anonymous.get("/docs/").await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let script = anonymous.get("/docs/swagger-initializer.js").await.expect(200);
    assert!(String::from_utf8_lossy(&script.body).contains("/openapi.json"));
}

/// G-1: the root leads to what there is to see.
#[tokio::test]
async fn the_root_leads_to_the_documents() {
    let edge = Edge::start().await;
    let answer = edge.service.anonymous().get("/").await;
    assert!(answer.status.is_redirection(), "{answer}");
    assert_eq!(answer.header("location"), Some("/docs/"));
}
