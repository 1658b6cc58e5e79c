//! A messaging service with a workspace whose members and channels came in as events.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::{HttpResponse, web};
use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::{
    ChannelArchived, ChannelCreated, ChannelMemberAdded, ChannelMemberPayload, ChannelMemberRemoved,
    ChannelPayload, MemberJoined, MemberPayload,
};
use colink_events::users::{UserPayload, UserRegistered};
use colink_events::{Cause, Event};
use colink_telemetry::Metrics;
use colink_test::{
    Answer, Client, Environment, LocalServer, SOON, Settings, Stage, TestService, TestUser, eventually,
};
use messaging::Messaging;
use serde_json::{Value, json};

/// The service and the world it learned of.
pub struct World {
    pub stage: Stage,
    pub messaging: TestService<Messaging>,
    pub channels: ChannelsStub,
    pub workspace_id: WorkspaceId,
    producer: Producer,
    _metrics: Metrics,
}

/// Somebody in the workspace, with a client.
#[derive(Clone)]
pub struct Person {
    pub user: TestUser,
    pub client: Client,
}

impl Person {
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Posts and expects 201.
    pub async fn says(&self, channel_id: ChannelId, content: &str) -> Answer {
        self.post(channel_id, &json!({ "content": content })).await.expect(201)
    }

    pub async fn post(&self, channel_id: ChannelId, body: &Value) -> Answer {
        self.client.post(&format!("/channels/{channel_id}/messages"), body).await
    }

    /// Replies and expects 201.
    pub async fn replies(&self, root: &str, content: &str) -> Answer {
        let path = format!("/messages/{root}/threads");
        self.client.post(&path, &json!({ "content": content })).await.expect(201)
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::new()).await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::on(Stage::new(), settings).await
    }

    pub async fn on(stage: Stage, settings: Settings) -> Self {
        let channels = ChannelsStub::start();
        let settings =
            settings.set("internal.channels_url", channels.server.base_url()).set("internal.auth_url", "");
        let messaging = stage.start::<Messaging>(settings).await;
        let metrics = Metrics::new("harness").unwrap();
        let mut kafka = KafkaConfig::new(Environment::get().kafka());
        kafka.topic_prefix = stage.topic_prefix().to_owned();
        let producer = Producer::new(&kafka, &metrics).unwrap();
        let workspace_id = WorkspaceId::generate(&SystemClock);
        Self { stage, messaging, channels, workspace_id, producer, _metrics: metrics }
    }

    /// Puts an event on its stream.
    pub async fn emit<E: Event>(&self, event: &E) {
        let outgoing = OutgoingEvent::seal(event, &Cause::default(), &SystemClock).unwrap();
        self.producer.send(&outgoing).await.unwrap();
    }

    /// A member of the workspace.
    pub async fn person(&self, name: &str) -> Person {
        self.person_as(name, WorkspaceRole::Member).await
    }

    pub async fn person_as(&self, name: &str, role: WorkspaceRole) -> Person {
        let person = self.stranger(name).await;
        self.emit(&MemberJoined(self.member(person.id(), role, 1))).await;
        let query = "select count(*) from workspace_members where user_id = $1 and active";
        self.await_count(query, person.id(), 1).await;
        person
    }

    /// Somebody who is known and in no workspace of this test.
    pub async fn stranger(&self, name: &str) -> Person {
        let user = self.stage.identity().user(name);
        let client = self.messaging.client(&user);
        self.emit(&UserRegistered(UserPayload {
            user_id: user.id,
            username: user.username.clone(),
            display_name: format!("Dr. {name}"),
            avatar_url: None,
            status: None,
            time_zone: None,
            bot: false,
            version: 1,
            at: SystemClock.timestamp(),
        }))
        .await;
        self.await_count("select count(*) from users where user_id = $1", user.id, 1).await;
        Person { user, client }
    }

    /// A channel with these members.
    pub async fn channel(&self, kind: ChannelKind, members: &[&Person]) -> ChannelId {
        let channel_id = ChannelId::generate(&SystemClock);
        self.emit(&ChannelCreated { channel: self.payload(channel_id, kind, false, 1) }).await;
        for member in members {
            self.emit(&ChannelMemberAdded(self.seat(channel_id, kind, member.id(), ChannelRole::Member, 1)))
                .await;
        }
        let query = "select count(*) from channel_heads where channel_id = $1 and version = 1";
        self.await_count(query, channel_id, 1).await;
        let query = "select count(*) from channel_members where channel_id = $1 and active";
        self.await_count(query, channel_id, members.len()).await;
        channel_id
    }

    pub async fn public(&self, members: &[&Person]) -> ChannelId {
        self.channel(ChannelKind::Public, members).await
    }

    /// Gives a member another role, by writing the projection as its event would.
    pub async fn promote(&self, channel_id: ChannelId, person: &Person, role: ChannelRole) {
        let seat = self.seat(channel_id, ChannelKind::Public, person.id(), role, 5);
        self.emit(&colink_events::channels::ChannelMemberRoleChanged(seat)).await;
        let query = "select count(*) from channel_members where channel_id = $1 and role <> 'member'";
        self.await_count(query, channel_id, 1).await;
    }

    pub async fn remove(&self, channel_id: ChannelId, person: &Person) {
        let seat = self.seat(channel_id, ChannelKind::Public, person.id(), ChannelRole::Member, 9);
        self.emit(&ChannelMemberRemoved(seat)).await;
        let query = "select count(*) from channel_members where channel_id = $1 and not active";
        self.await_count(query, channel_id, 1).await;
    }

    pub async fn archive(&self, channel_id: ChannelId) {
        let channel = self.payload(channel_id, ChannelKind::Public, true, 9);
        self.emit(&ChannelArchived { channel }).await;
        let query = "select count(*) from channel_heads where channel_id = $1 and archived";
        self.await_count(query, channel_id, 1).await;
    }

    pub fn payload(&self, id: ChannelId, kind: ChannelKind, archived: bool, version: i64) -> ChannelPayload {
        ChannelPayload {
            id,
            workspace_id: self.workspace_id,
            kind,
            name: "general".to_owned(),
            slug: "general".to_owned(),
            topic: None,
            description: None,
            archived,
            created_by: UserId::generate(&SystemClock),
            created_at: SystemClock.timestamp(),
            updated_at: SystemClock.timestamp(),
            version,
        }
    }

    pub fn seat(
        &self,
        channel_id: ChannelId,
        kind: ChannelKind,
        user_id: UserId,
        role: ChannelRole,
        version: i64,
    ) -> ChannelMemberPayload {
        let (workspace_id, at) = (self.workspace_id, SystemClock.timestamp());
        ChannelMemberPayload { channel_id, workspace_id, kind, user_id, role, version, at, by: None }
    }

    pub fn member(&self, user_id: UserId, role: WorkspaceRole, version: i64) -> MemberPayload {
        let (workspace_id, at) = (self.workspace_id, SystemClock.timestamp());
        MemberPayload { workspace_id, user_id, role, version, at, by: None }
    }

    /// Waits until a count over one id has a value.
    pub async fn await_count(&self, query: &'static str, id: impl Into<uuid::Uuid>, wanted: usize) {
        let id = id.into();
        eventually(query, SOON, async || {
            let count: i64 = sqlx::query_scalar(query).bind(id).fetch_one(self.db()).await.unwrap();
            (count == i64::try_from(wanted).unwrap()).then_some(())
        })
        .await;
    }

    pub async fn count(&self, query: &'static str, id: impl Into<uuid::Uuid>) -> i64 {
        sqlx::query_scalar(query).bind(id.into()).fetch_one(self.db()).await.unwrap()
    }

    pub fn db(&self) -> &sqlx::PgPool {
        self.messaging.database()
    }

    /// The log of a channel as its members see it: `[(seq, type)]`.
    pub async fn log(&self, person: &Person, channel_id: ChannelId) -> Vec<(i64, String)> {
        let answer = person.client.get(&format!("/channels/{channel_id}/events?limit=500")).await.expect(200);
        let events = answer.value("/events");
        let event =
            |event: &Value| (event["seq"].as_i64().unwrap(), event["type"].as_str().unwrap().to_owned());
        events.as_array().unwrap().iter().map(event).collect()
    }

    /// The numbers of a channel's log.
    pub async fn seqs(&self, person: &Person, channel_id: ChannelId) -> Vec<i64> {
        self.log(person, channel_id).await.into_iter().map(|(seq, _)| seq).collect()
    }

    /// Waits until the broker has everything, so that nothing is left behind.
    pub async fn finish(self) {
        self.published().await;
        self.messaging.finish().await;
    }

    /// Waits until the broker has everything.
    pub async fn published(&self) {
        eventually("everything is published", SOON, async || {
            let query = "select count(*) from channel_heads where published_seq < last_seq";
            let behind: i64 = sqlx::query_scalar(query).fetch_one(self.db()).await.unwrap();
            (behind == 0).then_some(())
        })
        .await;
    }
}

/// The one internal endpoint of channels that messaging asks.
pub struct ChannelsStub {
    server: LocalServer,
    standings: Arc<Standings>,
}

#[derive(Default)]
struct Standings {
    known: Mutex<HashMap<(ChannelId, UserId), Value>>,
    asked: AtomicUsize,
}

impl ChannelsStub {
    fn start() -> Self {
        let standings = Arc::new(Standings::default());
        let shared = web::Data::from(Arc::clone(&standings));
        let server = LocalServer::start(move |app: &mut web::ServiceConfig| {
            app.app_data(shared.clone())
                .route("/internal/channels/{channel_id}/standing/{user_id}", web::get().to(answer));
        });
        Self { server, standings }
    }

    /// What the service will be told when it asks.
    pub fn knows(&self, channel_id: ChannelId, user_id: UserId, standing: Value) {
        self.standings.known.lock().unwrap().insert((channel_id, user_id), standing);
    }

    /// How often it has asked.
    pub fn asked(&self) -> usize {
        self.standings.asked.load(Ordering::SeqCst)
    }
}

async fn answer(standings: web::Data<Standings>, path: web::Path<(ChannelId, UserId)>) -> HttpResponse {
    standings.asked.fetch_add(1, Ordering::SeqCst);
    let meta = json!({ "request_id": "stub", "timestamp": SystemClock.timestamp() });
    match standings.known.lock().unwrap().get(&path.into_inner()) {
        Some(data) => HttpResponse::Ok().json(json!({ "success": true, "data": data, "meta": meta })),
        None => {
            let error = json!({ "code": "NOT_FOUND", "message": "There is no such channel." });
            HttpResponse::NotFound().json(json!({ "success": false, "error": error, "meta": meta }))
        }
    }
}
