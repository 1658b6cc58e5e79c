//! which scope each endpoint asks of an API key.

use colink_core::permission::Scope;
use colink_test::{Needs, assert_scopes};

use crate::harness::World;

/// Whoever adds an endpoint decides here whether API keys may call it.
const ENDPOINTS: &[(&str, Needs)] = &[
    ("GET /files", Needs::Scope(Scope::FilesRead)),
    ("POST /files/upload-url", Needs::Scope(Scope::FilesWrite)),
    ("GET /files/{file_id}", Needs::Scope(Scope::FilesRead)),
    ("DELETE /files/{file_id}", Needs::Scope(Scope::FilesWrite)),
    ("POST /files/{file_id}/confirm", Needs::Scope(Scope::FilesWrite)),
    ("GET /files/{file_id}/download-url", Needs::Scope(Scope::FilesRead)),
];

/// every endpoint is open with its scope alone, and closed without it whatever other scopes there are.
#[tokio::test]
async fn every_endpoint_asks_for_its_scope() {
    let world = World::start().await;
    assert_scopes(&world.files, &world.alice, ENDPOINTS).await;
}
