//! which scope each endpoint asks of an API key.

use colink_core::permission::Scope;
use colink_test::{Needs, assert_scopes};

use crate::harness::World;

/// Whoever adds an endpoint decides here whether API keys may call it.
const ENDPOINTS: &[(&str, Needs)] = &[("GET /search", Needs::Scope(Scope::SearchRead))];

/// every endpoint is open with its scope alone, and closed without it whatever other scopes there are.
#[tokio::test]
async fn every_endpoint_asks_for_its_scope() {
    let world = World::new().await;
    assert_scopes(&world.search, &world.ada, ENDPOINTS).await;
}
