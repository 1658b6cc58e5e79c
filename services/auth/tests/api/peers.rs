//! The internal endpoints of admin, channels, messaging and files that auth asks, over tables that tests fill. All four
//! are one server: their paths differ.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use colink_auth::ServiceTokens;
use colink_core::clock::{ManualClock, SharedClock, SystemClock};
use colink_core::id::{FileId, WorkspaceId};
use colink_test::{INTERNAL_SECRET, LocalServer};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;

#[derive(Debug, Default)]
struct Tables {
    /// Pairs of users, both ways.
    shared: HashSet<(String, String)>,
    /// Names of workspaces by their only owner.
    owned: HashMap<String, Vec<String>>,
    /// Files that may become a picture, by their uploader.
    pictures: HashMap<String, String>,
    /// Messages of a user, each an object.
    messages: HashMap<String, Vec<Value>>,
    /// Roles of the members of workspaces that are there.
    workspaces: HashMap<String, HashMap<String, &'static str>>,
    audit_log_is_closed: bool,
    require_mfa: bool,
}

/// The other services of internal calls.
#[derive(Debug)]
pub(crate) struct Peers {
    server: LocalServer,
    tables: Arc<Mutex<Tables>>,
    held: watch::Sender<bool>,
}

impl Peers {
    pub(crate) fn start() -> Self {
        let tables: Arc<Mutex<Tables>> = Arc::default();
        let shared = web::Data::from(Arc::clone(&tables));
        let (held, gate) = watch::channel(false);
        let gate = web::Data::new(gate);
        let server = LocalServer::start(move |routes| {
            routes
                .app_data(shared.clone())
                .app_data(gate.clone())
                .route("/internal/users/{user}/shared-with/{other}", web::get().to(shared_with))
                .route("/internal/users/{user}/sole-ownerships", web::get().to(sole_ownerships))
                .route("/internal/users/{user}/memberships", web::get().to(memberships))
                .route("/internal/users/{user}/messages", web::get().to(messages))
                .route("/internal/users/{user}/reactions", web::get().to(reactions))
                .route("/internal/users/{user}/files", web::get().to(files))
                .route("/internal/users/{user}/audit-log", web::get().to(audit_log))
                .route("/internal/workspaces/{workspace}", web::get().to(workspace))
                .route("/internal/workspaces/{workspace}/members/{user}", web::get().to(member))
                .route("/internal/files/{file}/avatar", web::post().to(claim_avatar))
                .route("/internal/files/{file}/avatar-url", web::get().to(avatar_url))
                .default_service(web::to(nothing));
        });
        Self { server, tables, held }
    }

    pub(crate) fn url(&self) -> String {
        self.server.base_url()
    }

    /// Makes two users members of one workspace.
    pub(crate) fn bring_together(&self, one: &str, other: &str) {
        let mut tables = self.tables.lock().unwrap();
        tables.shared.insert((one.to_owned(), other.to_owned()));
        tables.shared.insert((other.to_owned(), one.to_owned()));
    }

    /// Has every workspace ask for a second factor.
    pub(crate) fn require_mfa(&self) {
        self.tables.lock().unwrap().require_mfa = true;
    }

    /// Makes a user the only owner of a workspace.
    pub(crate) fn own(&self, user: &str, name: &str) {
        self.tables.lock().unwrap().owned.entry(user.to_owned()).or_default().push(name.to_owned());
    }

    /// Somebody else owns what he owned.
    pub(crate) fn hand_over(&self, user: &str) {
        self.tables.lock().unwrap().owned.remove(user);
    }

    /// A file of the user that may become his picture; its id.
    pub(crate) fn picture(&self, user: &str) -> String {
        let file = FileId::generate(&SystemClock).to_string();
        self.tables.lock().unwrap().pictures.insert(file.clone(), user.to_owned());
        file
    }

    /// The picture's file is deleted.
    pub(crate) fn lose_picture(&self, file: &str) {
        self.tables.lock().unwrap().pictures.remove(file);
    }

    /// A workspace of the user; its id.
    pub(crate) fn workspace(&self, owner: &str) -> String {
        let workspace = WorkspaceId::generate(&SystemClock).to_string();
        self.join(&workspace, owner, "owner");
        workspace
    }

    /// Makes the user a member of the workspace.
    pub(crate) fn join(&self, workspace: &str, user: &str, role: &'static str) {
        let mut tables = self.tables.lock().unwrap();
        tables.workspaces.entry(workspace.to_owned()).or_default().insert(user.to_owned(), role);
    }

    /// The workspace is deleted; auth has not heard of it yet.
    pub(crate) fn delete_workspace(&self, workspace: &str) {
        self.tables.lock().unwrap().workspaces.remove(workspace);
    }

    /// Nobody gets a list of messages while it is held.
    pub(crate) fn hold(&self, hold: bool) {
        self.held.send_replace(hold);
    }

    /// Whether somebody waits for a list of messages. The server itself keeps one receiver.
    pub(crate) fn is_kept_waiting(&self) -> bool {
        self.held.receiver_count() > 1
    }

    /// Nobody gets the audit log while it is closed.
    pub(crate) fn close_audit_log(&self, close: bool) {
        self.tables.lock().unwrap().audit_log_is_closed = close;
    }

    /// The user has written so many messages.
    pub(crate) fn write(&self, user: &str, count: usize) {
        let message =
            |n: usize| json!({ "id": FileId::generate(&SystemClock), "content": format!("note {n}") });
        self.tables.lock().unwrap().messages.insert(user.to_owned(), (0..count).map(message).collect());
    }
}

type Shared = web::Data<Mutex<Tables>>;

/// Only auth calls here, with its service token for the service that the path belongs to.
fn is_auth(request: &HttpRequest) -> bool {
    let header =
        request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    // The clock of a test may be at any time: that of the token is as good as another.
    let claims =
        token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&claims).unwrap_or_default();
    let issued = claims["iat"].as_i64().and_then(|at| DateTime::from_timestamp(at, 0)).unwrap_or_default();
    let clock: SharedClock = Arc::new(ManualClock::new(issued));
    ["admin", "channels", "messaging", "files"].into_iter().any(|service| {
        let secret = SecretString::from(INTERNAL_SECRET);
        let tokens = ServiceTokens::new(&secret, service, Arc::clone(&clock)).unwrap();
        tokens.verify(token).is_ok_and(|caller| caller == "auth")
    })
}

fn answer(request: &HttpRequest, data: Option<Value>) -> HttpResponse {
    let meta = json!({ "request_id": "stub", "timestamp": "2026-01-01T00:00:00.000Z" });
    let refusal =
        |code: &str| json!({ "success": false, "error": { "code": code, "message": "stub" }, "meta": meta });
    match data {
        _ if !is_auth(request) => HttpResponse::Unauthorized().json(refusal("TOKEN_INVALID")),
        Some(data) => HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta })),
        None => HttpResponse::NotFound().json(refusal("NOT_FOUND")),
    }
}

/// Whatever else is asked about is not there.
async fn nothing(request: HttpRequest) -> HttpResponse {
    answer(&request, None)
}

async fn shared_with(
    request: HttpRequest,
    tables: Shared,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let tables = tables.lock().unwrap();
    let shared = tables.shared.contains(&path.into_inner());
    answer(&request, Some(json!({ "shared": shared, "require_mfa": shared && tables.require_mfa })))
}

async fn sole_ownerships(request: HttpRequest, tables: Shared, user: web::Path<String>) -> HttpResponse {
    let names = tables.lock().unwrap().owned.get(&*user).cloned().unwrap_or_default();
    let workspace = |name: &String| json!({ "workspace_id": WorkspaceId::generate(&SystemClock), "name": name, "slug": name });
    answer(&request, Some(json!({ "workspaces": names.iter().map(workspace).collect::<Vec<_>>() })))
}

async fn memberships(request: HttpRequest, user: web::Path<String>) -> HttpResponse {
    answer(&request, Some(json!({ "workspaces": [{ "name": "Works", "member": *user }], "channels": [] })))
}

/// Two at a time.
async fn messages(
    request: HttpRequest,
    tables: Shared,
    gate: web::Data<watch::Receiver<bool>>,
    user: web::Path<String>,
    query: web::Query<HashMap<String, String>>,
) -> HttpResponse {
    // An error says that the test is over.
    let _ = gate.get_ref().clone().wait_for(|held| !held).await;
    let all = tables.lock().unwrap().messages.get(&*user).cloned().unwrap_or_default();
    let start = query.get("after").and_then(|after| all.iter().position(|one| one["id"] == after.as_str()));
    let page: Vec<Value> = all.into_iter().skip(start.map_or(0, |start| start + 1)).take(2).collect();
    let next = page.last().filter(|_| page.len() == 2).map(|last| last["id"].clone());
    answer(&request, Some(json!({ "messages": page, "next_after": next })))
}

async fn reactions(request: HttpRequest) -> HttpResponse {
    answer(&request, Some(json!({ "reactions": [{ "emoji": "👍" }], "next_after": null })))
}

async fn files(request: HttpRequest) -> HttpResponse {
    answer(&request, Some(json!({ "files": [{ "filename": "plan.pdf" }], "next_after": null })))
}

/// One at a time.
async fn audit_log(
    request: HttpRequest,
    tables: Shared,
    user: web::Path<String>,
    query: web::Query<HashMap<String, String>>,
) -> HttpResponse {
    if tables.lock().unwrap().audit_log_is_closed {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let (action, next) = match query.get("after") {
        None => ("session.started", Some("behind-the-first")),
        Some(_) => ("pin.added", None),
    };
    let actor = json!({ "user_id": *user, "ip": "203.0.113.7" });
    answer(&request, Some(json!({ "entries": [{ "action": action, "actor": actor }], "next_after": next })))
}

async fn workspace(request: HttpRequest, tables: Shared, workspace: web::Path<String>) -> HttpResponse {
    let there = tables.lock().unwrap().workspaces.contains_key(&*workspace);
    answer(&request, there.then(|| json!({ "workspace_id": *workspace })))
}

async fn member(request: HttpRequest, tables: Shared, path: web::Path<(String, String)>) -> HttpResponse {
    let (workspace, user) = path.into_inner();
    let role =
        tables.lock().unwrap().workspaces.get(&workspace).and_then(|members| members.get(&user)).copied();
    answer(&request, role.map(|role| json!({ "role": role, "require_mfa": false })))
}

async fn claim_avatar(
    request: HttpRequest,
    tables: Shared,
    file: web::Path<String>,
    claim: web::Json<Value>,
) -> HttpResponse {
    let owner = tables.lock().unwrap().pictures.get(&*file).cloned();
    let own = owner.is_some_and(|owner| claim["user_id"] == owner.as_str());
    if own && is_auth(&request) { HttpResponse::NoContent().finish() } else { answer(&request, None) }
}

async fn avatar_url(request: HttpRequest, tables: Shared, file: web::Path<String>) -> HttpResponse {
    let there = tables.lock().unwrap().pictures.contains_key(&*file);
    let url = format!("https://storage.example.test/{file}?signature=x");
    answer(&request, there.then(|| json!({ "url": url, "expires_in_s": 300 })))
}
