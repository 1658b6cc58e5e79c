//! The internal endpoints of channels that files asks, over a table that tests fill.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use colink_auth::ServiceTokens;
use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_test::{INTERNAL_SECRET, LocalServer};
use secrecy::SecretString;
use serde_json::{Value, json};

/// A channel of the stub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
}

#[derive(Clone, Debug)]
struct Facts {
    workspace_id: WorkspaceId,
    kind: &'static str,
    archived: bool,
}

#[derive(Debug, Default)]
struct Tables {
    /// Closed to sessions that were not proven by a second factor.
    require_mfa: HashSet<WorkspaceId>,
    channels: HashMap<ChannelId, Facts>,
    in_workspace: HashMap<(WorkspaceId, UserId), &'static str>,
    in_channel: HashMap<(ChannelId, UserId), &'static str>,
}

/// The other service of the internal calls.
#[derive(Debug)]
pub(crate) struct ChannelsStub {
    server: LocalServer,
    tables: Arc<Mutex<Tables>>,
}

impl ChannelsStub {
    pub(crate) fn start() -> Self {
        let tables: Arc<Mutex<Tables>> = Arc::default();
        let shared = web::Data::from(Arc::clone(&tables));
        let server = LocalServer::start(move |routes| {
            routes
                .app_data(shared.clone())
                .route("/internal/channels/{channel}/standing/{user}", web::get().to(standing))
                .route("/internal/users/{user}/channels", web::get().to(readable))
                .route("/internal/workspaces/{workspace}/members/{user}", web::get().to(member));
        });
        Self { server, tables }
    }

    pub(crate) fn url(&self) -> String {
        self.server.base_url()
    }

    pub(crate) fn channel(&self, workspace_id: WorkspaceId, kind: &'static str) -> Channel {
        let id = ChannelId::generate(&SystemClock);
        self.tables.lock().unwrap().channels.insert(id, Facts { workspace_id, kind, archived: false });
        Channel { id, workspace_id }
    }

    pub(crate) fn require_mfa(&self, workspace: WorkspaceId) {
        self.tables.lock().unwrap().require_mfa.insert(workspace);
    }

    pub(crate) fn archive(&self, channel: Channel) {
        self.tables.lock().unwrap().channels.get_mut(&channel.id).unwrap().archived = true;
    }

    pub(crate) fn join_workspace(&self, workspace: WorkspaceId, user: UserId, role: &'static str) {
        self.tables.lock().unwrap().in_workspace.insert((workspace, user), role);
    }

    pub(crate) fn join(&self, channel: Channel, user: UserId, role: &'static str) {
        let mut tables = self.tables.lock().unwrap();
        tables.in_workspace.entry((channel.workspace_id, user)).or_insert("member");
        tables.in_channel.insert((channel.id, user), role);
    }

    pub(crate) fn leave(&self, channel: Channel, user: UserId) {
        self.tables.lock().unwrap().in_channel.remove(&(channel.id, user));
    }
}

/// Only files calls here, with its service token.
fn is_files(request: &HttpRequest) -> bool {
    let secret = SecretString::from(INTERNAL_SECRET);
    let tokens = ServiceTokens::new(&secret, "channels", SystemClock::shared()).unwrap();
    let header =
        request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    tokens.verify(token).is_ok_and(|service| service == "files")
}

fn meta() -> Value {
    json!({ "request_id": "stub", "timestamp": "2026-01-01T00:00:00.000Z" })
}

fn answer(request: &HttpRequest, data: Option<Value>) -> HttpResponse {
    match data {
        _ if !is_files(request) => HttpResponse::Unauthorized().json(json!({
            "success": false, "error": { "code": "TOKEN_INVALID", "message": "stub" }, "meta": meta(),
        })),
        Some(data) => HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta() })),
        None => HttpResponse::NotFound().json(json!({
            "success": false, "error": { "code": "NOT_FOUND", "message": "There is no such channel." }, "meta": meta(),
        })),
    }
}

async fn standing(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    tables: web::Data<Mutex<Tables>>,
) -> HttpResponse {
    let (channel, user): (ChannelId, UserId) = (path.0.parse().unwrap(), path.1.parse().unwrap());
    let tables = tables.lock().unwrap();
    let data = tables.channels.get(&channel).map(|facts| {
        json!({
            "channel_id": channel,
            "workspace_id": facts.workspace_id,
            "kind": facts.kind,
            "archived": facts.archived,
            "workspace_role": tables.in_workspace.get(&(facts.workspace_id, user)),
            "channel_role": tables.in_channel.get(&(channel, user)),
            "channel_version": 1, "member_version": 1, "workspace_member_version": 1,
            "require_mfa": tables.require_mfa.contains(&facts.workspace_id),
        })
    });
    answer(&request, data)
}

async fn readable(
    request: HttpRequest,
    path: web::Path<String>,
    tables: web::Data<Mutex<Tables>>,
) -> HttpResponse {
    let user: UserId = path.parse().unwrap();
    let asked = request.query_string().strip_prefix("workspace_id=").unwrap().parse::<WorkspaceId>().unwrap();
    let tables = tables.lock().unwrap();
    let in_workspace = tables.in_workspace.contains_key(&(asked, user));
    let channels: Vec<Value> = tables
        .channels
        .iter()
        .filter(|(id, facts)| {
            let open = in_workspace && facts.kind == "public";
            facts.workspace_id == asked && (open || tables.in_channel.contains_key(&(**id, user)))
        })
        .map(|(id, facts)| {
            let require_mfa = tables.require_mfa.contains(&asked);
            json!({
                "channel_id": id, "workspace_id": facts.workspace_id, "kind": facts.kind,
                "require_mfa": require_mfa,
            })
        })
        .collect();
    answer(&request, Some(json!({ "channels": channels })))
}

async fn member(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    tables: web::Data<Mutex<Tables>>,
) -> HttpResponse {
    let key = (path.0.parse().unwrap(), path.1.parse().unwrap());
    let tables = tables.lock().unwrap();
    let (role, require_mfa) = (tables.in_workspace.get(&key).copied(), tables.require_mfa.contains(&key.0));
    answer(&request, role.map(|role| json!({ "role": role, "require_mfa": require_mfa })))
}
