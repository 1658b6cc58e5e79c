//! What every service proves of `Idempotency-Key` (G-6): that the calls whose document lists it take it, and the others do
//! not.

use colink_runtime::Service;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::scopes::{asked, endpoints};
use crate::service::TestService;

/// Longer than any key may be: whoever reads it refuses it, before anything is done.
const NO_KEY: &str = "a key that is longer than sixty-four characters is one that nobody takes";

/// Sends every write of the OpenAPI document of `service` with a key that cannot be one. `client` is signed in where the
/// service reads the key itself, behind the caller; elsewhere an anonymous one does, and cannot do any harm.
///
/// # Panics
/// When a call takes a key that its document does not list, or the other way round.
pub async fn assert_idempotency_keys<S: Service>(service: &TestService<S>, client: &Client) {
    let document = service.anonymous().get("/openapi.json").await.expect(200).json();
    let mut differ = Vec::new();
    for endpoint in endpoints(&document).iter().filter(|endpoint| !endpoint.starts_with("GET ")) {
        let lists = listed(&document, endpoint);
        if lists != takes(client, endpoint).await {
            differ.push(format!(
                "{endpoint} {}",
                if lists { "lists a key that it ignores" } else { "takes a key" }
            ));
        }
    }
    assert!(differ.is_empty(), "the document of {} is wrong: {differ:#?}", S::NAME);
}

fn listed(document: &Value, endpoint: &str) -> bool {
    let (method, path) = endpoint.split_once(' ').expect("`METHOD /path`");
    let parameters = document["paths"][path][method.to_lowercase()]["parameters"].as_array();
    parameters.into_iter().flatten().any(|parameter| parameter["name"] == "Idempotency-Key")
}

async fn takes(client: &Client, endpoint: &str) -> bool {
    let (method, path) = asked(endpoint);
    let has_body = method != Method::DELETE;
    let request = client.request(method, &path).idempotency_key(NO_KEY);
    let request = if has_body { request.json(&json!({})) } else { request };
    let answer = request.send().await;
    answer.status == 400 && answer.error_fields() == ["Idempotency-Key"]
}
