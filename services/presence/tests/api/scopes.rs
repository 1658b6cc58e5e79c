//! which scope each endpoint asks of an API key.

use colink_core::permission::Scope;
use colink_test::{Needs, assert_scopes};

use crate::harness::Node;

/// Whoever adds an endpoint decides here whether API keys may call it.
const ENDPOINTS: &[(&str, Needs)] =
    &[("GET /presence", Needs::Scope(Scope::UsersRead)), ("GET /ws", Needs::Nothing)];

/// every endpoint is open with its scope alone, and closed without it whatever other scopes there are.
#[tokio::test]
async fn every_endpoint_asks_for_its_scope() {
    let node = Node::start().await;
    assert_scopes(&node.service, &node.user("ada"), ENDPOINTS).await;
}
