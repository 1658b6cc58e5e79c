//! which scope each endpoint asks of an API key.

use colink_core::permission::Scope;
use colink_test::{Needs, assert_scopes};

use crate::harness::World;

/// Whoever adds an endpoint decides here whether API keys may call it.
const ENDPOINTS: &[(&str, Needs)] = &[
    ("GET /channels/{channel_id}/events", Needs::Scope(Scope::MessagesRead)),
    ("GET /channels/{channel_id}/messages", Needs::Scope(Scope::MessagesRead)),
    ("POST /channels/{channel_id}/messages", Needs::Scope(Scope::MessagesWrite)),
    ("GET /channels/{channel_id}/pins", Needs::Scope(Scope::MessagesRead)),
    ("PUT /channels/{channel_id}/read", Needs::Scope(Scope::MessagesWrite)),
    ("GET /dms/{channel_id}/messages", Needs::Scope(Scope::MessagesRead)),
    ("POST /dms/{channel_id}/messages", Needs::Scope(Scope::MessagesWrite)),
    ("GET /messages/{message_id}", Needs::Scope(Scope::MessagesRead)),
    ("PUT /messages/{message_id}", Needs::Scope(Scope::MessagesWrite)),
    ("DELETE /messages/{message_id}", Needs::Scope(Scope::MessagesWrite)),
    ("PATCH /messages/{message_id}", Needs::Scope(Scope::MessagesWrite)),
    ("GET /messages/{message_id}/edits", Needs::Scope(Scope::MessagesRead)),
    ("POST /messages/{message_id}/pin", Needs::Scope(Scope::MessagesWrite)),
    ("DELETE /messages/{message_id}/pin", Needs::Scope(Scope::MessagesWrite)),
    ("GET /messages/{message_id}/reactions", Needs::Scope(Scope::MessagesRead)),
    ("POST /messages/{message_id}/reactions", Needs::Scope(Scope::MessagesWrite)),
    ("DELETE /messages/{message_id}/reactions/{emoji}", Needs::Scope(Scope::MessagesWrite)),
    ("GET /messages/{message_id}/threads", Needs::Scope(Scope::MessagesRead)),
    ("POST /messages/{message_id}/threads", Needs::Scope(Scope::MessagesWrite)),
    ("DELETE /reactions/{reaction_id}", Needs::Scope(Scope::MessagesWrite)),
    ("GET /unreads", Needs::Scope(Scope::MessagesRead)),
];

/// every endpoint is open with its scope alone, and closed without it whatever other scopes there are.
#[actix_web::test]
async fn every_endpoint_asks_for_its_scope() {
    let world = World::new().await;
    assert_scopes(&world.messaging, &world.stage.identity().user("ada"), ENDPOINTS).await;
    world.finish().await;
}
