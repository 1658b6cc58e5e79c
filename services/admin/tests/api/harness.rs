//! The service, an administrator, and a producer that plays the relays of the other services.

use admin::Admin;
use bson::Document;
use chrono::{DateTime, TimeDelta, Utc};
use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_core::id::{ChannelId, EventId, MessageId, RequestId, UserId, WorkspaceId};
use colink_events::channels::{MemberPayload, MemberRemoved};
use colink_events::messages::{PinAdded, PinPayload};
use colink_events::{Actor, Cause, Event};
use colink_telemetry::Metrics;
use colink_test::{Client, Environment, SOON, Settings, Stage, TestService, TestUser, eventually};
use mongodb::Collection;
use serde_json::Value;

pub struct World {
    pub stage: Stage,
    pub admin: TestService<Admin>,
    /// An administrator of the installation.
    pub root: Client,
    /// Tests share the streams: each asks for its own workspace.
    pub workspace_id: WorkspaceId,
    producer: Producer,
    _metrics: Metrics,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::new()).await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::on(Stage::new(), settings).await
    }

    pub async fn on(stage: Stage, settings: Settings) -> Self {
        let admin = stage.start::<Admin>(settings).await;
        let root = admin.client(&stage.identity().admin("root"));
        let metrics = Metrics::new("harness").unwrap();
        let mut kafka = KafkaConfig::new(Environment::get().kafka());
        kafka.topic_prefix = stage.topic_prefix().to_owned();
        let producer = Producer::new(&kafka, &metrics).unwrap();
        let workspace_id = WorkspaceId::generate(&SystemClock);
        Self { stage, admin, root, workspace_id, producer, _metrics: metrics }
    }

    pub fn user(&self, name: &str) -> TestUser {
        self.stage.identity().user(name)
    }

    /// Puts an event on its stream, caused now.
    pub async fn publish<E: Event>(&self, event: &E, cause: &Cause) -> EventId {
        self.publish_at(event, cause, SystemClock.now()).await
    }

    /// The same, caused at `moment`.
    pub async fn publish_at<E: Event>(&self, event: &E, cause: &Cause, moment: DateTime<Utc>) -> EventId {
        let outgoing = OutgoingEvent::seal(event, cause, &ManualClock::new(moment)).unwrap();
        self.send(&outgoing).await;
        outgoing.head.id
    }

    pub async fn send(&self, event: &OutgoingEvent) {
        self.producer.send(event).await.unwrap();
    }

    /// The entry of an event, as soon as it is there.
    pub async fn entry(&self, id: EventId) -> Value {
        let path = format!("/admin/audit-log/{id}");
        eventually(&format!("the entry of {id}"), SOON, async || {
            let answer = self.root.get(&path).await;
            (answer.status.as_u16() == 200).then(|| answer.value(""))
        })
        .await
    }

    /// The ids of a list, in its order.
    pub async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.root.get(&format!("/admin/audit-log?{query}")).await.expect(200);
        let items = page.value("/items");
        items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything the service has stored, as the store has it.
    pub async fn stored(&self) -> Collection<Document> {
        let client = mongodb::Client::with_uri_str(Environment::get().mongo()).await.unwrap();
        client.database(&self.stage.mongo_database("admin")).collection("audit_log")
    }

    /// Somebody was removed from the workspace of this test.
    pub fn removal(&self, user_id: UserId) -> MemberRemoved {
        MemberRemoved(MemberPayload {
            workspace_id: self.workspace_id,
            user_id,
            role: colink_core::role::WorkspaceRole::Member,
            version: 5,
            at: SystemClock.timestamp(),
            by: None,
        })
    }

    /// Somebody pinned a message in the workspace of this test.
    pub fn pin(&self, message_id: MessageId, user_id: UserId) -> PinAdded {
        PinAdded(PinPayload {
            message_id,
            channel_id: ChannelId::generate(&SystemClock),
            workspace_id: self.workspace_id,
            seq: 1,
            user_id,
            at: SystemClock.timestamp(),
        })
    }

    pub async fn finish(self) {
        self.admin.finish().await;
    }
}

/// A request of `user` from a browser.
pub fn by(user: &TestUser) -> Cause {
    Cause {
        actor: Some(Actor {
            user_id: Some(user.id),
            session_id: Some(user.session_id),
            ip: Some("203.0.113.7".parse().unwrap()),
            user_agent: Some("Mozilla/5.0 (test)".to_owned()),
        }),
        request_id: Some(RequestId::parse("req-of-the-test").unwrap()),
        traceparent: None,
    }
}

/// So many minutes ago, to the millisecond.
pub fn minutes_ago(minutes: i64) -> DateTime<Utc> {
    SystemClock.timestamp().as_datetime() - TimeDelta::minutes(minutes)
}

/// A moment as a query has it.
pub fn text(moment: DateTime<Utc>) -> String {
    colink_core::time::Timestamp::from(moment).to_string()
}
