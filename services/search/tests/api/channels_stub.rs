//! The channels service as far as search asks it: who may read what at this moment.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_test::LocalServer;
use serde::Deserialize;
use serde_json::{Value, json};

type Seats = Arc<Mutex<HashMap<(UserId, WorkspaceId), Vec<Value>>>>;

/// Workspaces that are closed to sessions that were not proven by a second factor.
type Guarded = Arc<Mutex<HashSet<WorkspaceId>>>;

/// A small server with the two internal endpoints that search asks.
pub struct ChannelsStub {
    seats: Seats,
    guarded: Guarded,
    server: LocalServer,
}

#[derive(Deserialize)]
struct Scope {
    workspace_id: WorkspaceId,
}

impl ChannelsStub {
    pub fn start() -> Self {
        let seats = Seats::default();
        let served = Arc::clone(&seats);
        let guarded = Guarded::default();
        let asked = Arc::clone(&guarded);
        let server = LocalServer::start(move |routes| {
            routes
                .app_data(web::Data::new(Arc::clone(&served)))
                .app_data(web::Data::new(Arc::clone(&asked)))
                .route("/internal/users/{user}/channels", web::get().to(list))
                .route("/internal/workspaces/{workspace}/members/{user}", web::get().to(member));
        });
        Self { seats, guarded, server }
    }

    pub fn url(&self) -> String {
        self.server.base_url()
    }

    /// Makes a user a member of a workspace, as yet without a channel.
    pub fn join(&self, workspace: WorkspaceId, user: UserId) {
        self.seats.lock().unwrap().entry((user, workspace)).or_default();
    }

    /// Closes a workspace to sessions that were not proven by a second factor.
    pub fn require_mfa(&self, workspace: WorkspaceId) {
        self.guarded.lock().unwrap().insert(workspace);
    }

    /// Lists a channel for a user.
    pub fn open(&self, workspace: WorkspaceId, user: UserId, channel: ChannelId, kind: &str) {
        let entry = json!({
            "channel_id": channel, "workspace_id": workspace, "kind": kind, "archived": false,
            "member": true, "channel_role": "member", "workspace_role": "member",
        });
        self.seats.lock().unwrap().entry((user, workspace)).or_default().push(entry);
    }

    /// Lists a channel that the user is not in: only a public one may be read then.
    pub fn open_without_seat(&self, workspace: WorkspaceId, user: UserId, channel: ChannelId, kind: &str) {
        let entry = json!({
            "channel_id": channel, "workspace_id": workspace, "kind": kind, "archived": false,
            "member": false, "channel_role": null, "workspace_role": "member",
        });
        self.seats.lock().unwrap().entry((user, workspace)).or_default().push(entry);
    }

    /// Lists a channel for a user no more.
    pub fn close(&self, workspace: WorkspaceId, user: UserId, channel: ChannelId) {
        let mut seats = self.seats.lock().unwrap();
        let listed = seats.get_mut(&(user, workspace)).unwrap();
        listed.retain(|entry| entry.get("channel_id") != Some(&json!(channel)));
    }

    /// Removes a user from a workspace.
    pub fn remove(&self, workspace: WorkspaceId, user: UserId) {
        self.seats.lock().unwrap().remove(&(user, workspace));
    }
}

async fn list(
    seats: web::Data<Seats>,
    guarded: web::Data<Guarded>,
    request: HttpRequest,
    user: web::Path<UserId>,
    scope: web::Query<Scope>,
) -> HttpResponse {
    assert!(request.headers().contains_key("authorization"), "an internal call carries a service token");
    let seats = seats.lock().unwrap();
    let mut channels = seats.get(&(user.into_inner(), scope.workspace_id)).cloned().unwrap_or_default();
    let require_mfa = guarded.lock().unwrap().contains(&scope.workspace_id);
    for channel in &mut channels {
        channel["require_mfa"] = json!(require_mfa);
    }
    HttpResponse::Ok().json(json!({ "success": true, "data": { "channels": channels }, "meta": meta() }))
}

async fn member(
    seats: web::Data<Seats>,
    guarded: web::Data<Guarded>,
    path: web::Path<(WorkspaceId, UserId)>,
) -> HttpResponse {
    let (workspace, user) = path.into_inner();
    if seats.lock().unwrap().contains_key(&(user, workspace)) {
        let data = json!({ "role": "member", "require_mfa": guarded.lock().unwrap().contains(&workspace) });
        return HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta() }));
    }
    let error = json!({ "code": "NOT_FOUND", "message": "There is no such member." });
    HttpResponse::NotFound().json(json!({ "success": false, "error": error, "meta": meta() }))
}

fn meta() -> Value {
    json!({ "request_id": "stub", "timestamp": "2026-01-01T00:00:00.000Z" })
}
