//! which scope each endpoint asks of an API key.

use colink_core::permission::Scope;
use colink_test::{Needs, assert_scopes};

use crate::harness::World;

/// Whoever adds an endpoint decides here whether API keys may call it.
const ENDPOINTS: &[(&str, Needs)] = &[
    ("GET /channels", Needs::Scope(Scope::ChannelsRead)),
    ("POST /channels", Needs::Scope(Scope::ChannelsWrite)),
    ("GET /channels/{channel_id}", Needs::Scope(Scope::ChannelsRead)),
    ("PUT /channels/{channel_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("PATCH /channels/{channel_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("DELETE /channels/{channel_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("POST /channels/{channel_id}/join", Needs::Scope(Scope::ChannelsWrite)),
    ("POST /channels/{channel_id}/leave", Needs::Scope(Scope::ChannelsWrite)),
    ("GET /channels/{channel_id}/members", Needs::Scope(Scope::ChannelsRead)),
    ("POST /channels/{channel_id}/members", Needs::Scope(Scope::ChannelsWrite)),
    ("PUT /channels/{channel_id}/members/{user_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("PATCH /channels/{channel_id}/members/{user_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("DELETE /channels/{channel_id}/members/{user_id}", Needs::Scope(Scope::ChannelsWrite)),
    ("POST /channels/{channel_id}/unarchive", Needs::Scope(Scope::ChannelsWrite)),
    ("GET /dms", Needs::Scope(Scope::ChannelsRead)),
    ("POST /dms", Needs::Scope(Scope::ChannelsWrite)),
    ("POST /invites/{token}/accept", Needs::Scope(Scope::WorkspacesAdmin)),
    ("GET /users/me/workspaces", Needs::Scope(Scope::WorkspacesRead)),
    ("GET /workspaces", Needs::Scope(Scope::WorkspacesRead)),
    ("POST /workspaces", Needs::Scope(Scope::WorkspacesAdmin)),
    ("GET /workspaces/{workspace_id}", Needs::Scope(Scope::WorkspacesRead)),
    ("PUT /workspaces/{workspace_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("PATCH /workspaces/{workspace_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("DELETE /workspaces/{workspace_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("GET /workspaces/{workspace_id}/invite", Needs::Scope(Scope::WorkspacesAdmin)),
    ("POST /workspaces/{workspace_id}/invite", Needs::Scope(Scope::WorkspacesAdmin)),
    ("GET /workspaces/{workspace_id}/invites", Needs::Scope(Scope::WorkspacesAdmin)),
    ("POST /workspaces/{workspace_id}/invites", Needs::Scope(Scope::WorkspacesAdmin)),
    ("DELETE /workspaces/{workspace_id}/invites/{invite_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("POST /workspaces/{workspace_id}/leave", Needs::Scope(Scope::WorkspacesAdmin)),
    ("GET /workspaces/{workspace_id}/members", Needs::Scope(Scope::WorkspacesRead)),
    ("POST /workspaces/{workspace_id}/members", Needs::Scope(Scope::WorkspacesAdmin)),
    ("PUT /workspaces/{workspace_id}/members/{user_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("PATCH /workspaces/{workspace_id}/members/{user_id}", Needs::Scope(Scope::WorkspacesAdmin)),
    ("DELETE /workspaces/{workspace_id}/members/{user_id}", Needs::Scope(Scope::WorkspacesAdmin)),
];

/// every endpoint is open with its scope alone, and closed without it whatever other scopes there are.
#[tokio::test]
async fn every_endpoint_asks_for_its_scope() {
    let world = World::start().await;
    assert_scopes(&world.service, &world.user("ada"), ENDPOINTS).await;
}
