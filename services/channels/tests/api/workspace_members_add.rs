//! `POST /workspaces/{id}/members`: bots that come without an invitation.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::{HttpRequest, HttpResponse, web};
use colink_auth::ServiceTokens;
use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_events::Topic;
use colink_events::channels::{AccessBypassed, ChannelMemberAdded, MemberJoined};
use colink_events::users::UserUpdated;
use colink_test::{Answer, INTERNAL_SECRET, LocalServer, Settings, Stage, TestUser};
use serde_json::{Value, json};

use crate::harness::{World, refuses};
use crate::profiles::{producer, profile, publish};

/// Whose bots are whose, by their ids.
type Bots = Mutex<HashMap<String, UserId>>;

/// Channels beside an auth that knows bots.
pub(crate) struct Company {
    pub(crate) world: World,
    bots: Arc<Bots>,
    _auth: LocalServer,
}

impl Company {
    async fn open() -> Self {
        Self::on(&Stage::new()).await
    }

    pub(crate) async fn on(stage: &Stage) -> Self {
        let bots: Arc<Bots> = Arc::default();
        let shared = web::Data::from(Arc::clone(&bots));
        let auth = LocalServer::start(move |routes| {
            routes.app_data(shared.clone()).route("/internal/bots/{id}", web::get().to(get_bot));
        });
        let settings = Settings::new().set("internal.auth_url", auth.base_url());
        Self { world: World::with(stage, settings).await, bots, _auth: auth }
    }

    /// A new bot of `owner`: as a user, who could be its key.
    pub(crate) fn bot(&self, owner: &TestUser) -> TestUser {
        let bot = self.world.user("bot");
        self.bots.lock().expect("a lock").insert(bot.id.to_string(), owner.id);
        bot
    }

    async fn add(&self, by: &TestUser, workspace: &str, user: &TestUser) -> Answer {
        let path = format!("/workspaces/{workspace}/members");
        self.world.client(by).post(&path, &json!({ "user_id": user.id })).await
    }
}

async fn get_bot(request: HttpRequest, bots: web::Data<Bots>, id: web::Path<String>) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
    let tokens = ServiceTokens::new(&INTERNAL_SECRET.into(), "auth", Arc::new(SystemClock))
        .expect("the tokens of auth");
    assert_eq!(tokens.verify(token).ok().as_deref(), Some("channels"));
    let owner = bots.lock().expect("a lock").get(&*id).copied();
    let meta = json!({ "request_id": "stub", "timestamp": "2026-01-01T00:00:00.000Z" });
    match owner {
        Some(owner) => HttpResponse::Ok().json(json!({ "success": true, "meta": meta, "data": {
            "owner_id": owner, "username": format!("bot.{id}"), "display_name": "Deploy bot"
        }})),
        None => HttpResponse::NotFound().json(json!({
            "success": false, "meta": meta, "error": { "code": "NOT_FOUND", "message": "stub" }
        })),
    }
}

/// A-11, W-2: an administrator brings a member's bot in, which is marked in every list; the event says who it was. One that
/// is there stays as it is, and one that was removed comes back.
#[tokio::test]
async fn an_administrator_brings_a_bot_in() {
    let company = Company::open().await;
    let world = &company.world;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let grace = world.member(&ada, &id, "grace", "admin").await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let bot = company.bot(&alan);
    let added = company.add(&grace, &id, &bot).await.expect(200);
    assert_eq!((added.text("/role"), added.value("/bot")), ("member".to_owned(), json!(true)));
    assert_eq!(added.text("/display_name"), "Deploy bot");
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (joined, envelope) = probe.await_event::<MemberJoined>(|event| event.0.user_id == bot.id).await;
    assert_eq!((joined.0.version, joined.0.by), (1, Some(grace.id)));
    assert_eq!(envelope.actor.and_then(|actor| actor.user_id), Some(grace.id));
    let (seated, _) = probe.await_event::<ChannelMemberAdded>(|event| event.0.user_id == bot.id).await;
    assert_eq!(seated.0.by, Some(grace.id));

    let client = world.client(&ada);
    let general = world.general(&ada, &id).await;
    let dm = json!({ "workspace_id": id, "participant_ids": [bot.id] });
    let dm = client.post("/dms", &dm).await.expect(201);
    assert_eq!(marks(&dm.value("/participants"), "id"), (vec![bot.id.to_string()], 2));
    for path in [format!("/workspaces/{id}/members"), format!("/channels/{general}/members")] {
        let listed = client.get(&path).await.expect(200);
        assert_eq!(marks(&listed.value("/items"), "user_id"), (vec![bot.id.to_string()], 4), "{path}");
    }
    // The event of auth says the same.
    let mut renamed = profile(bot.id, "Release bot", 2);
    renamed.bot = true;
    publish(&producer(world), &UserUpdated(renamed)).await;
    let query = "select count(*) from users where bot and version = 2 and display_name = 'Release bot'";
    colink_test::eventually("the new name", colink_test::SOON, async || {
        (world.count(query).await == 1).then_some(())
    })
    .await;

    let role = json!({ "role": "guest" });
    let member = format!("/workspaces/{id}/members/{}", bot.id);
    assert_eq!(client.put(&member, &role).await.expect(200).value("/bot"), json!(true));
    assert_eq!(company.add(&ada, &id, &bot).await.expect(200).text("/role"), "guest");
    world.client(&grace).delete(&member).await.expect(204);
    assert_eq!(company.add(&ada, &id, &bot).await.expect(200).text("/role"), "member");
}

/// Who is marked as a bot, and of how many it is said.
fn marks(list: &Value, id: &str) -> (Vec<String>, usize) {
    let list = list.as_array().expect("a list");
    let bots = list.iter().filter(|item| item["bot"] == json!(true));
    let said = list.iter().filter(|item| item["bot"].is_boolean()).count();
    (bots.filter_map(|bot| bot[id].as_str().map(str::to_owned)).collect(), said)
}

/// A-11: only administrators, of this workspace; a realm admin is audited. Nobody gives a role above his own.
#[tokio::test]
async fn only_administrators_bring_bots_in() {
    let company = Company::open().await;
    let world = &company.world;
    let (ada, root) = (world.user("ada"), world.admin("root"));
    let id = world.workspace(&ada).await;
    let bot = company.bot(&ada);
    for role in ["moderator", "member", "guest"] {
        let user = world.member(&ada, &id, role, role).await;
        company.add(&user, &id, &bot).await.expect(403);
    }
    let gone = world.member(&ada, &id, "gone", "admin").await;
    let admin = world.member(&ada, &id, "admin", "admin").await;
    world.client(&ada).delete(&format!("/workspaces/{id}/members/{}", gone.id)).await.expect(204);
    let elsewhere = world.user("elsewhere");
    world.workspace(&elsewhere).await;
    for outsider in [&gone, &elsewhere, &bot] {
        company.add(outsider, &id, &bot).await.expect(404);
    }
    let path = format!("/workspaces/{id}/members");
    let owner = json!({ "user_id": bot.id, "role": "owner" });
    world.client(&admin).post(&path, &owner).await.expect(403);
    world.service.anonymous().post(&path, &owner).await.expect(401);
    company.add(&root, &id, &bot).await.expect(200);
    let mut probe = world.service.stage().probe(Topic::Channels).await;
    let (bypass, _) = probe.await_event::<AccessBypassed>(|event| event.user_id == root.id).await;
    assert_eq!(bypass.action, "add_bot");
}

/// A-11: a person, a user nobody knows, a bot out of use and the bot of somebody outside are all the same to him who asks:
/// there is no such bot. A full workspace takes none.
#[tokio::test]
async fn a_bot_comes_only_where_its_owner_is() {
    let company = Company::open().await;
    let world = &company.world;
    let ada = world.user("ada");
    let id = world.workspace(&ada).await;
    let alan = world.member(&ada, &id, "alan", "member").await;
    let stranger = world.user("stranger");
    let (foreign, bot) = (company.bot(&stranger), company.bot(&alan));
    let mut answers = Vec::new();
    for user in [&alan, &stranger, &foreign] {
        let answer = company.add(&ada, &id, user).await.expect(404);
        answers.push((answer.error_code(), answer.error_message()));
    }
    world.client(&ada).delete(&format!("/workspaces/{id}/members/{}", alan.id)).await.expect(204);
    let answer = company.add(&ada, &id, &bot).await.expect(404);
    answers.push((answer.error_code(), answer.error_message()));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");

    sqlx::query("update workspaces set member_limit = 1")
        .execute(world.service.database())
        .await
        .expect("ok");
    let own = company.bot(&ada);
    assert_eq!(company.add(&ada, &id, &own).await.expect(429).error_code(), "QUOTA_EXCEEDED");
    assert_eq!(world.count("select count(*) from workspace_members where status = 'active'").await, 1);
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", "VALIDATION_ERROR", &["user_id"]),
        (r#"{"user_id":"x","role":"king"}"#, "VALIDATION_ERROR", &["user_id", "role"]),
        (r#"{"user_id":7}"#, "INVALID_REQUEST", &["user_id"]),
        (r#"{"users":[]}"#, "INVALID_REQUEST", &["users"]),
        ("[", "INVALID_REQUEST", &["body"]),
    ];
    refuses(&world.client(&ada), "POST", &format!("/workspaces/{id}/members"), cases).await;
}
