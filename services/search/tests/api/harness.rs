//! A running service with a workspace, two channels and two members, and the means to feed it.

use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::role::ChannelKind;
use colink_core::time::Timestamp;
use colink_events::channels::{ChannelCreated, ChannelPayload};
use colink_events::files::{FilePayload, FileUploaded};
use colink_events::messages::{Author, MessageCreated, MessageDeleted, MessagePayload};
use colink_events::users::UserPayload;
use colink_events::{Cause, Event};
use colink_telemetry::Metrics;
use colink_test::{Answer, Environment, SOON, Settings, Stage, TestService, TestUser, eventually};
use search::Search;
use serde_json::Value;

use crate::channels_stub::ChannelsStub;

pub struct World {
    pub stage: Stage,
    pub search: TestService<Search>,
    pub channels: ChannelsStub,
    pub workspace: WorkspaceId,
    /// Public; both are in it.
    pub general: ChannelId,
    /// Private; only Ada is in it.
    pub secret: ChannelId,
    pub ada: TestUser,
    pub bob: TestUser,
    producer: Producer,
}

impl World {
    pub async fn new() -> Self {
        Self::on(Stage::new()).await
    }

    pub async fn on(stage: Stage) -> Self {
        let channels = ChannelsStub::start();
        let settings = Settings::new().set("internal.channels_url", channels.url());
        let search = stage.start::<Search>(settings).await;
        let mut kafka = KafkaConfig::new(Environment::get().kafka());
        kafka.topic_prefix = stage.topic_prefix().to_owned();
        kafka.mirror = false;
        let producer = Producer::new(&kafka, &Metrics::new("test").unwrap()).unwrap();
        let (ada, bob) = (stage.identity().user("ada"), stage.identity().user("bob"));
        let workspace = WorkspaceId::generate(&SystemClock);
        let (general, secret) = (ChannelId::generate(&SystemClock), ChannelId::generate(&SystemClock));
        channels.open(workspace, ada.id, general, "public");
        channels.open(workspace, ada.id, secret, "private");
        channels.open(workspace, bob.id, general, "public");
        let world = Self { stage, search, channels, workspace, general, secret, ada, bob, producer };
        world.publish(&world.channel(general, ChannelKind::Public, "General Talk")).await;
        world.publish(&world.channel(secret, ChannelKind::Private, "secret")).await;
        world
    }

    pub async fn publish<E: Event>(&self, event: &E) {
        let sealed = OutgoingEvent::seal(event, &Cause::default(), &SystemClock).unwrap();
        self.producer.send(&sealed).await.unwrap();
    }

    pub fn channel(&self, id: ChannelId, kind: ChannelKind, name: &str) -> ChannelCreated {
        let at = time(0);
        ChannelCreated {
            channel: ChannelPayload {
                id,
                workspace_id: self.workspace,
                kind,
                name: name.to_owned(),
                slug: name.to_lowercase().replace(' ', "-"),
                topic: None,
                description: None,
                archived: false,
                created_by: self.ada.id,
                created_at: at,
                updated_at: at,
                version: 1,
            },
        }
    }

    /// A message as it was first written, `seq` minutes into the test's day.
    pub fn message(&self, channel: ChannelId, author: &TestUser, seq: i64, content: &str) -> MessagePayload {
        MessagePayload {
            id: MessageId::generate(&SystemClock),
            channel_id: channel,
            workspace_id: self.workspace,
            seq,
            thread_id: None,
            author: Author {
                id: author.id,
                username: author.username.clone(),
                display_name: format!("{} the First", author.username),
                avatar_url: None,
                bot: false,
            },
            content: content.to_owned(),
            content_html: format!("<p>{content}</p>"),
            client_msg_id: None,
            file_ids: Vec::new(),
            mentions: Vec::new(),
            edited_at: None,
            deleted_at: None,
            created_at: time(seq),
        }
    }

    pub fn deletion(&self, of: &MessagePayload, seq: i64) -> MessageDeleted {
        MessageDeleted {
            id: of.id,
            channel_id: of.channel_id,
            workspace_id: of.workspace_id,
            seq,
            thread_id: None,
            deleted_by: of.author.id,
            deleted_at: time(seq),
            author_id: of.author.id,
        }
    }

    pub fn file(&self, channel: ChannelId, uploader: &TestUser, filename: &str) -> FileUploaded {
        FileUploaded {
            file: FilePayload {
                id: FileId::generate(&SystemClock),
                channel_id: channel,
                workspace_id: self.workspace,
                uploader_id: uploader.id,
                filename: filename.to_owned(),
                content_type: "application/pdf".to_owned(),
                size: 1234,
                sha256: "00".repeat(32),
                created_at: time(1),
            },
        }
    }

    /// Writes messages of Ada to a channel, numbered from `first`, and waits until all can be found.
    pub async fn write(&self, channel: ChannelId, first: i64, contents: &[&str]) -> Vec<MessagePayload> {
        let numbered = (first..).zip(contents);
        let messages: Vec<_> =
            numbered.map(|(seq, content)| self.message(channel, &self.ada, seq, content)).collect();
        for message in &messages {
            self.publish(&MessageCreated(message.clone())).await;
        }
        for message in &messages {
            self.await_seq(message.id, message.seq).await;
        }
        messages
    }

    /// Waits until the index holds a message as it was after event `seq`.
    pub async fn await_seq(&self, id: MessageId, seq: i64) {
        eventually("the message is indexed", SOON, async || {
            let found: Option<i64> = sqlx::query_scalar("select seq from messages where message_id = $1")
                .bind(id.as_uuid())
                .fetch_optional(self.search.database())
                .await
                .unwrap();
            (found? >= seq).then_some(())
        })
        .await;
    }

    /// Waits until the copy of a user has a version.
    pub async fn await_user(&self, id: UserId, version: i64) {
        eventually("the user is known", SOON, async || {
            let found: Option<i64> = sqlx::query_scalar("select version from users where user_id = $1")
                .bind(id.as_uuid())
                .fetch_optional(self.search.database())
                .await
                .unwrap();
            (found? >= version).then_some(())
        })
        .await;
    }

    /// Waits until the names of both channels are known.
    pub async fn await_channels(&self) {
        eventually("the channels are known", SOON, async || {
            let found: i64 = sqlx::query_scalar("select count(*) from channels where workspace_id = $1")
                .bind(self.workspace.as_uuid())
                .fetch_one(self.search.database())
                .await
                .unwrap();
            (found >= 2).then_some(())
        })
        .await;
    }

    pub async fn ask(&self, user: &TestUser, parameters: &[(&str, &str)]) -> Answer {
        let mut path = format!("/search?workspace_id={}", self.workspace);
        for (name, value) in parameters {
            path.push_str(&format!("&{name}={}", encoded(value)));
        }
        self.search.client(user).get(&path).await
    }

    /// The texts that Ada finds, the newest first.
    pub async fn found(&self, q: &str) -> Vec<String> {
        contents(&self.ask(&self.ada, &[("q", q)]).await.expect(200))
    }
}

pub fn profile(user: &TestUser, display_name: &str, version: i64) -> UserPayload {
    UserPayload {
        user_id: user.id,
        username: user.username.clone(),
        display_name: display_name.to_owned(),
        avatar_url: None,
        status: None,
        time_zone: None,
        bot: false,
        version,
        at: time(0),
    }
}

/// Noon of 2026-01-10 and some minutes.
pub fn time(minutes: i64) -> Timestamp {
    Timestamp::from_millis(1_768_046_400_000 + minutes * 60_000)
}

pub fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub fn contents(answer: &Answer) -> Vec<String> {
    values(answer, "content")
}

pub fn values(answer: &Answer, key: &str) -> Vec<String> {
    let Value::Array(items) = answer.value("/items") else { return Vec::new() };
    items.iter().filter_map(|item| Some(item.get(key)?.as_str()?.to_owned())).collect()
}
