//! A company whose people sign in through a provider of its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, ServiceConfig, get};
use colink_test::{Answer, Client, LocalServer, Settings};
use serde_json::{Value, json};

use super::super::provider::{CLIENT_ID, CLIENT_SECRET, LocalProvider};
use crate::harness::{Session, World, settings};

pub(crate) const WORKSPACE: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";

/// What channels knows: who is what in the workspace, everybody else is a member of none; whether it asks for a second
/// factor; and whether it is deleted.
#[derive(Clone, Default)]
pub(crate) struct Roles(
    pub(crate) Arc<Mutex<Vec<(String, &'static str)>>>,
    pub(crate) Arc<AtomicBool>,
    pub(crate) Arc<AtomicBool>,
);

impl Roles {
    fn knows(&self, workspace: &str) -> bool {
        workspace == WORKSPACE && !self.2.load(Ordering::SeqCst)
    }
}

fn missing() -> HttpResponse {
    HttpResponse::NotFound().json(json!({
        "success": false, "error": {"code": "NOT_FOUND", "message": "There is no such thing."},
        "meta": {"request_id": "r", "timestamp": "2026-01-01T00:00:00.000Z"}
    }))
}

fn success(data: &Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "success": true, "data": data, "meta": {"request_id": "r", "timestamp": "2026-01-01T00:00:00.000Z"}
    }))
}

async fn member(roles: Data<Roles>, path: Path<(String, String)>) -> HttpResponse {
    let (workspace, user) = path.into_inner();
    let (require_mfa, there) = (roles.1.load(Ordering::SeqCst), roles.knows(&workspace));
    let roles = roles.get_ref().0.lock().unwrap();
    let role = roles.iter().find(|(id, _)| *id == user && there);
    role.map_or_else(missing, |(_, role)| success(&json!({ "role": role, "require_mfa": require_mfa })))
}

fn workspace(found: bool) -> HttpResponse {
    if found { success(&json!({"workspace_id": WORKSPACE})) } else { missing() }
}

async fn by_slug(roles: Data<Roles>, slug: Path<String>) -> HttpResponse {
    workspace(slug.as_str() == "acme" && roles.knows(WORKSPACE))
}

async fn by_id(roles: Data<Roles>, id: Path<String>) -> HttpResponse {
    workspace(roles.knows(&id))
}

/// A company with an administrator, a provider of its own, and channels beside.
pub(crate) struct Company {
    pub(crate) world: World,
    pub(crate) provider: LocalProvider,
    pub(crate) roles: Roles,
    pub(crate) admin: Session,
    _channels: LocalServer,
}

impl Company {
    pub(crate) async fn start(private: bool) -> Self {
        Self::with(settings(), private).await
    }

    pub(crate) async fn with(settings: Settings, private: bool) -> Self {
        let (provider, roles) = (LocalProvider::start(), Roles::default());
        let shared = roles.clone();
        let channels = LocalServer::start(move |app: &mut ServiceConfig| {
            app.app_data(Data::new(shared.clone()))
                .route("/internal/workspaces/by-slug/{slug}", get().to(by_slug))
                .route("/internal/workspaces/{workspace}", get().to(by_id))
                .route("/internal/workspaces/{workspace}/members/{user}", get().to(member));
        });
        let settings = settings
            .set("internal.channels_url", channels.base_url())
            .set("oidc.allow_private_addresses", private);
        let world = World::with(settings).await;
        let (_, admin) = world.signed_in("admin").await;
        roles.0.lock().unwrap().push((admin.user_id.clone(), "admin"));
        Self { world, provider, roles, admin, _channels: channels }
    }

    pub(crate) fn body(&self) -> Value {
        json!({
            "kind": "oidc", "issuer": self.provider.issuer(), "name": "Acme", "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "jit": true, "allowed_domains": ["Example.test"]
        })
    }

    pub(crate) async fn create(&self, client: &Client, body: &Value) -> Answer {
        client.post(&path(WORKSPACE), body).await
    }

    /// An administrator of the installation who is in no workspace.
    pub(crate) async fn operator(&self) -> Session {
        let (person, session) = self.world.signed_in("operator").await;
        sqlx::query("update users set realm_roles = '{user,admin}' where id::text = $1")
            .bind(&session.user_id)
            .execute(self.world.database())
            .await
            .unwrap();
        self.world.login(&person).await
    }
}

pub(crate) fn path(workspace: &str) -> String {
    format!("/auth/oidc/workspaces/{workspace}/providers")
}
