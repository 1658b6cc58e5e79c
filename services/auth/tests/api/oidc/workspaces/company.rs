//! A company whose people sign in through a provider of its own.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, ServiceConfig, get};
use colink_test::{Answer, Client, LocalServer, SOON, Settings, Stage, eventually};
use serde_json::{Value, json};

use super::super::provider::{CLIENT_ID, CLIENT_SECRET, LocalProvider};
use crate::harness::{Session, World, settings};

pub(crate) const WORKSPACE: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";

/// Another workspace with the same people.
pub(crate) const SISTER: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2c";

/// What channels knows. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct Roles {
    /// Who is what in both workspaces; everybody else is a member of none.
    pub(crate) people: Arc<Mutex<Vec<(String, &'static str)>>>,
    /// They ask for a second factor.
    pub(crate) require_mfa: Arc<AtomicBool>,
    /// [`WORKSPACE`] is deleted.
    pub(crate) deleted: Arc<AtomicBool>,
    /// And this is so since somebody's role was asked.
    pub(crate) just_deleted: Arc<AtomicBool>,
    /// How often it was asked whether a workspace is there, and whoever locks this holds the answer back.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) answers: Arc<tokio::sync::Mutex<()>>,
}

impl Roles {
    fn knows(&self, workspace: &str) -> bool {
        workspace == SISTER || workspace == WORKSPACE && !self.deleted.load(Ordering::SeqCst)
    }

    /// Until somebody asks whether a workspace is there, who did not `before`.
    pub(crate) async fn await_question(&self, before: usize) {
        let asked = async || (self.asked.load(Ordering::SeqCst) > before).then_some(());
        eventually("channels is asked for the workspace", SOON, asked).await;
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
    let (require_mfa, there) = (roles.require_mfa.load(Ordering::SeqCst), roles.knows(&workspace));
    let people = roles.people.lock().unwrap();
    let role = people.iter().find(|(id, _)| *id == user && there);
    role.map_or_else(missing, |(_, role)| success(&json!({ "role": role, "require_mfa": require_mfa })))
}

fn workspace(found: bool) -> HttpResponse {
    if found { success(&json!({"workspace_id": WORKSPACE})) } else { missing() }
}

async fn by_slug(roles: Data<Roles>, slug: Path<String>) -> HttpResponse {
    workspace(slug.as_str() == "acme" && roles.knows(WORKSPACE))
}

async fn by_id(roles: Data<Roles>, id: Path<String>) -> HttpResponse {
    let there = roles.knows(&id) && !roles.just_deleted.load(Ordering::SeqCst);
    roles.asked.fetch_add(1, Ordering::SeqCst);
    drop(roles.answers.lock().await);
    workspace(there)
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
        Self::on(Stage::new(), settings, private).await
    }

    pub(crate) async fn on(stage: Stage, settings: Settings, private: bool) -> Self {
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
        let world = World::on(stage, settings).await;
        let (_, admin) = world.signed_in("admin").await;
        roles.people.lock().unwrap().push((admin.user_id.clone(), "admin"));
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

    /// The id of a new provider that is trusted with addresses.
    pub(crate) async fn trusted(&self, operator: &Session, workspace: &str) -> String {
        let mut body = self.body();
        body["trusts_email"] = json!(true);
        operator.client.post(&path(workspace), &body).await.expect(201).text("/id")
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
