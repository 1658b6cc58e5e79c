//! What every service proves of its endpoints and API keys: that each endpoint is open with its scope alone, closed
//! with every other one, and that no endpoint was forgotten.

use std::collections::BTreeSet;

use colink_core::permission::{Scope, Scopes};
use colink_runtime::Service;
use reqwest::Method;
use serde_json::json;

use crate::client::Answer;
use crate::document::{Document, Operation};
use crate::identity::TestUser;
use crate::refusals::UNKNOWN;
use crate::service::TestService;

/// What an endpoint asks of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// This scope.
    Scope(Scope),
    /// It is closed to keys.
    Person,
    /// It asks nobody who he is.
    Nothing,
}

/// Asks every endpoint of `service` with keys of `user` that have one scope or all but one. `table` names every endpoint
/// of the OpenAPI document as `GET /path/{parameter}`, and what it needs.
///
/// # Panics
/// When an endpoint is missing in the table, or answers otherwise.
pub async fn assert_scopes<S: Service>(service: &TestService<S>, user: &TestUser, table: &[(&str, Needs)]) {
    let listed: BTreeSet<String> = table.iter().map(|(endpoint, _)| (*endpoint).to_owned()).collect();
    let document = Document::of(&service.anonymous()).await;
    let there: BTreeSet<String> = document.operations().iter().map(Operation::endpoint).collect();
    assert_eq!(listed, there, "decide for each endpoint which scope it needs");
    for operation in document.operations() {
        let endpoint = operation.endpoint();
        let needs = table.iter().find_map(|(name, needs)| (*name == endpoint).then_some(needs));
        let all_but =
            |left_out: Scope| Scopes::ALL.iter().filter(|scope| *scope != left_out).collect::<Scopes>();
        let (open, closed, message) = match needs {
            None | Some(Needs::Nothing) => continue,
            Some(Needs::Person) => (None, Scopes::ALL, "This cannot be done with an API key: sign in."),
            Some(Needs::Scope(scope)) => (Some(Scopes::NONE.with(*scope)), all_but(*scope), scope.refusal()),
        };
        let refused = ask(service, user, &operation, closed).await;
        assert_eq!(refused.status, 403, "{endpoint} with `{closed}`: {refused}");
        assert_eq!(refused.error_message(), message, "{endpoint} with `{closed}`");
        if let Some(scopes) = open {
            let answer = ask(service, user, &operation, scopes).await;
            let refused = answer.status == 403 && answer.error_message().contains("API key");
            assert!(!refused, "{endpoint} with `{scopes}`: {answer}");
            assert_ne!(answer.status, 401, "{endpoint} with `{scopes}`: {answer}");
        }
    }
}

async fn ask<S: Service>(
    service: &TestService<S>,
    user: &TestUser,
    operation: &Operation,
    scopes: Scopes,
) -> Answer {
    let mint = service.stage().identity().mint(user);
    let token = mint.claim("scope", scopes.to_string()).claim("amr", json!(["api_key"])).sign();
    let has_body = matches!(operation.method, Method::POST | Method::PUT | Method::PATCH);
    let path = operation.path_with(|_| UNKNOWN);
    let request = service.anonymous().bearer(&token).request(operation.method.clone(), &path);
    let request = if has_body { request.json(&json!({})) } else { request };
    request.send().await
}
