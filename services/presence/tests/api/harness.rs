//! A node, its world, and a producer that plays the relays of the other services.

use std::collections::BTreeMap;

use bytes::Bytes;
use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, MessageId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::{ChannelMemberPayload, MemberPayload};
use colink_events::messages::MessageCreated;
use colink_events::{Cause, Envelope, Event, Topic};
use colink_telemetry::Metrics;
use colink_test::{LocalServer, Settings, Socket, Stage, TestService, TestUser};
use presence::Presence;
use serde_json::{Value, json};

use crate::world::{World, WorldChannel};

/// Everything a test of presence needs.
pub struct Node {
    pub service: TestService<Presence>,
    pub stage: Stage,
    pub world: World,
    producer: Producer,
    _peers: LocalServer,
}

impl Node {
    pub async fn start() -> Self {
        Self::start_with(Settings::new()).await
    }

    pub async fn start_with(settings: Settings) -> Self {
        let (stage, world) = (Stage::new(), World::default());
        let peers = LocalServer::start(world.clone().routes());
        let settings = settings
            .set("internal.channels_url", peers.base_url())
            .set("internal.messaging_url", peers.base_url())
            .set("sockets.check_heads_ms", 300);
        let service = stage.start::<Presence>(settings).await;
        let kafka = KafkaConfig {
            topic_prefix: stage.topic_prefix().to_owned(),
            ..KafkaConfig::new(colink_test::Environment::get().kafka())
        };
        let producer = Producer::new(&kafka, &Metrics::new("world").unwrap()).unwrap();
        Self { service, stage, world, producer, _peers: peers }
    }

    pub fn user(&self, name: &str) -> TestUser {
        self.stage.identity().user(name)
    }

    /// A private channel with these members.
    pub fn channel(&self, members: &[&TestUser]) -> ChannelId {
        self.add_channel("private", members)
    }

    /// A public channel that nobody is in.
    pub fn public_channel(&self) -> ChannelId {
        self.add_channel("public", &[])
    }

    /// A private channel in the workspace of another.
    pub fn channel_beside(&self, other: ChannelId, members: &[&TestUser]) -> ChannelId {
        self.add_channel_to(self.world.workspace_of(other), "private", members)
    }

    fn add_channel(&self, kind: &'static str, members: &[&TestUser]) -> ChannelId {
        self.add_channel_to(WorkspaceId::generate(&SystemClock), kind, members)
    }

    fn add_channel_to(&self, workspace: WorkspaceId, kind: &'static str, members: &[&TestUser]) -> ChannelId {
        let id = ChannelId::generate(&SystemClock);
        self.world.add(WorldChannel {
            id,
            workspace,
            kind,
            members: members.iter().map(|user| user.id).collect(),
            log: Vec::new(),
            forgotten: 0,
        });
        id
    }

    pub fn url(&self, user: &TestUser) -> String {
        self.url_with(&self.stage.identity().token(user))
    }

    pub fn url_with(&self, token: &str) -> String {
        format!("{}/ws?token={token}", self.service.base_url())
    }

    /// A socket that has been greeted.
    pub async fn connect(&self, user: &TestUser) -> Socket {
        let mut socket = Socket::connect(&self.url(user)).await;
        socket.await_type("hello").await;
        socket
    }

    /// A socket that follows a channel from its head.
    pub async fn follow(&self, user: &TestUser, channel: ChannelId) -> Socket {
        let mut socket = self.connect(user).await;
        socket.send(&json!({"type": "subscribe", "channel_id": channel})).await;
        socket.await_type("subscribed").await;
        socket
    }

    /// Writes a message to the channel's log and publishes it, as messaging does.
    pub async fn post(&self, channel: ChannelId, content: &str) -> i64 {
        let seq = self.log(channel, content);
        self.publish(channel, seq).await;
        seq
    }

    /// Writes a message to the log only: the broker loses it, or is slow.
    pub fn log(&self, channel: ChannelId, content: &str) -> i64 {
        self.world.write(channel, |seq| sealed(channel, seq, content))
    }

    /// The same, as of long ago.
    pub fn log_of_old(&self, channel: ChannelId, content: &str) -> i64 {
        self.world.write(channel, |seq| {
            let mut event = sealed(channel, seq, content);
            event["at"] = json!("2020-01-01T00:00:00.000Z");
            event
        })
    }

    /// A socket that follows all channels of its user, and knows of those that it has.
    pub async fn follow_all(&self, user: &TestUser) -> Socket {
        let mut socket = self.connect(user).await;
        socket.send(&json!({"type": "subscribe", "all": true})).await;
        self.settled(&mut socket).await;
        socket
    }

    /// Waits until the node has obeyed every frame that the socket sent so far.
    pub async fn settled(&self, socket: &mut Socket) {
        socket.send(&json!({"type": "ping"})).await;
        socket.await_type("pong").await;
    }

    /// How many sockets are open.
    pub async fn open_sockets(&self) -> i64 {
        self.metric("websocket_connections").await.into_values().sum()
    }

    /// How many sockets have ended, by what ended them.
    pub async fn ended(&self) -> BTreeMap<String, i64> {
        self.metric("websocket_closed_total").await
    }

    /// The values of a metric by its label `reason`, which is empty for one without.
    async fn metric(&self, name: &str) -> BTreeMap<String, i64> {
        let answer = self.service.anonymous().get("/metrics").await.expect(200);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let reason = |line: &str| Some(line.split_once("reason=\"")?.1.split_once('"')?.0.to_owned());
        let value = |line: &str| line.rsplit(' ').next().unwrap().parse().unwrap();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| (reason(line).unwrap_or_default(), value(line))).collect()
    }

    /// Publishes what stands in the log under `seq`.
    pub async fn publish(&self, channel: ChannelId, seq: i64) {
        let event = self.world.event(channel, seq);
        let bytes = Bytes::from(event.to_string());
        self.producer
            .send(
                &OutgoingEvent::from_stored(Topic::Messages.name().to_owned(), channel.to_string(), bytes)
                    .unwrap(),
            )
            .await
            .unwrap();
    }

    /// Publishes any other event.
    pub async fn tell<E: Event>(&self, event: &E) {
        self.producer
            .send(&OutgoingEvent::seal(event, &Cause::default(), &SystemClock).unwrap())
            .await
            .unwrap();
    }
}

/// A membership that begins, changes or ends now.
pub fn membership(channel_id: ChannelId, workspace_id: WorkspaceId, user_id: UserId) -> ChannelMemberPayload {
    ChannelMemberPayload {
        channel_id,
        workspace_id,
        kind: ChannelKind::Private,
        user_id,
        role: ChannelRole::Member,
        version: 2,
        at: SystemClock.timestamp(),
        by: None,
    }
}

/// A place in a workspace that begins, changes or ends now.
pub fn seat(workspace_id: WorkspaceId, user_id: UserId, role: WorkspaceRole) -> MemberPayload {
    MemberPayload { workspace_id, user_id, role, version: 2, at: SystemClock.timestamp(), by: None }
}

fn sealed(channel: ChannelId, seq: i64, content: &str) -> Value {
    let message: MessageCreated = serde_json::from_value(message(channel, seq, content)).unwrap();
    serde_json::to_value(Envelope::seal(&message, &Cause::default(), &SystemClock).unwrap()).unwrap()
}

fn message(channel: ChannelId, seq: i64, content: &str) -> Value {
    json!({
        "id": MessageId::generate(&SystemClock), "channel_id": channel, "workspace_id": WorkspaceId::generate(&SystemClock),
        "seq": seq, "author": {"id": UserId::generate(&SystemClock), "username": "ann", "display_name": "Ann"},
        "content": content, "content_html": content, "file_ids": [], "mentions": [], "created_at": SystemClock.timestamp(),
    })
}
