//! What every service proves of `Idempotency-Key` (G-6): that the calls whose document lists it take it, and the others do
//! not.

use colink_runtime::Service;
use reqwest::Method;
use serde_json::json;

use crate::client::Client;
use crate::document::{Document, Operation};
use crate::refusals::UNKNOWN;
use crate::service::TestService;

/// Longer than any key may be: whoever reads it refuses it, before anything is done.
const NO_KEY: &str = "a key that is longer than sixty-four characters is one that nobody takes";

/// Sends every write of the OpenAPI document of `service` with a key that cannot be one. `client` is signed in where the
/// service reads the key itself, behind the caller; elsewhere an anonymous one does, and cannot do any harm.
///
/// # Panics
/// When a call takes a key that its document does not list, or the other way round.
pub async fn assert_idempotency_keys<S: Service>(service: &TestService<S>, client: &Client) {
    let document = Document::of(&service.anonymous()).await;
    let mut differ = Vec::new();
    for write in document.operations().iter().filter(|operation| operation.method != Method::GET) {
        if write.lists_key != takes(client, write).await {
            let how = if write.lists_key { "lists a key that it ignores" } else { "takes a key" };
            differ.push(format!("{} {how}", write.endpoint()));
        }
    }
    assert!(differ.is_empty(), "the document of {} is wrong: {differ:#?}", S::NAME);
}

async fn takes(client: &Client, write: &Operation) -> bool {
    let request = client.request(write.method.clone(), &write.path_with(|_| UNKNOWN)).idempotency_key(NO_KEY);
    let request = if write.method == Method::DELETE { request } else { request.json(&json!({})) };
    let answer = request.send().await;
    answer.status == 400 && answer.error_fields() == ["Idempotency-Key"]
}
