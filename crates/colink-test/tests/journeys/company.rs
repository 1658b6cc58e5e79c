//! A fleet, two colleagues in a private channel, and somebody from elsewhere.

use colink_test::{Fleet, FleetPlan, Stage, unique};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::cast::{Person, sign_up};

/// Some journeys stop the broker or Redis, which all share: one runs at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// Who and where.
pub struct Company {
    pub fleet: Fleet,
    pub alice: Person,
    pub bob: Person,
    pub workspace: String,
    pub channel: String,
    /// Given up last, when the fleet is gone.
    _turn: MutexGuard<'static, ()>,
}

/// All eight services, presence on two nodes, without limits that a test would run into.
pub fn plan(stage: &Stage) -> FleetPlan {
    let plan = Fleet::on(stage)
        .with("auth")
        .set("bootstrap.admin_email", &admin_email(stage))
        .set("argon2.memory_kib", "8192")
        .set("argon2.iterations", "1")
        .with("channels")
        .with("messaging")
        .with("presence")
        .with("presence")
        .with("files")
        .with("search")
        .with("admin");
    let mut plan = plan.with("gateway").set("upstreams.breaker_open_ms", "1000");
    for class in ["anonymous", "credentials", "read", "refresh", "send", "socket", "write", "unproven"] {
        plan = plan
            .set(&format!("limits.{class}_per_minute"), "60000000")
            .set(&format!("limits.{class}_burst"), "1000000");
    }
    plan
}

/// The address whose owner becomes a realm admin.
pub fn admin_email(stage: &Stage) -> String {
    format!("root-{}@journey.test", stage.name())
}

/// Starts everything and brings the two together.
pub async fn open(plan: FleetPlan) -> Company {
    let turn = TURN.lock().await;
    let mut fleet = plan.start().await;
    let alice = sign_up(&mut fleet, "alice").await;
    let bob = sign_up(&mut fleet, "bob").await;
    let workspace = json!({"name": "Journey", "slug": format!("journey-{}", unique())});
    let workspace = alice.api.post("/api/workspaces", &workspace).await.expect(201).text("/id");
    let invite = alice
        .api
        .post(&format!("/api/workspaces/{workspace}/invites"), &json!({"role": "member"}))
        .await
        .expect(201);
    let accept = format!("/api/invites/{}/accept", invite.text("/token"));
    bob.api.post(&accept, &json!({})).await.expect(200);
    let channel = json!({"workspace_id": workspace, "name": "secret plans", "kind": "private"});
    let channel = alice.api.post("/api/channels", &channel).await.expect(201).text("/id");
    let member = json!({"user_id": bob.id});
    alice.api.post(&format!("/api/channels/{channel}/members"), &member).await.expect(200);
    Company { fleet, alice, bob, workspace, channel, _turn: turn }
}
