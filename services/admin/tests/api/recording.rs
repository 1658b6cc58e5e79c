use std::fs;
use std::path::Path;

use actix_web::web::Bytes;
use bson::doc;
use colink_bus::OutgoingEvent;
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, EventId, FileId, MessageId};
use colink_core::role::ChannelKind;
use colink_events::channels::{ChannelPayload, ChannelUpdated};
use colink_events::files::{FilePayload, FileUploaded};
use colink_events::messages::{Author, MessageCreated, MessagePayload};
use colink_events::{Cause, EVENTS, Topic};
use futures_util::TryStreamExt;
use serde_json::{Value, json};

use crate::harness::{World, by};

/// D-3: who, what, when, where.
#[actix_web::test]
async fn an_entry_says_who_did_what_to_whom_when_and_from_where() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let event = OutgoingEvent::seal(&world.removal(ben.id), &by(&ann), &SystemClock).unwrap();
    world.send(&event).await;
    let later = world.publish(&world.removal(ann.id), &by(&ann)).await;

    let (mut entry, later) = (world.entry(event.head.id).await, world.entry(later).await);
    let place = entry.as_object_mut().unwrap();
    let (partition, offset) = (place.remove("partition").unwrap(), place.remove("offset").unwrap());
    assert!((0..12).contains(&partition.as_i64().unwrap()), "{partition}");
    assert_eq!(later["partition"], partition, "both have the same key");
    assert!(later["offset"].as_i64().unwrap() > offset.as_i64().unwrap(), "{offset}, then {later}");
    let expected = json!({
        "id": event.head.id,
        "at": event.head.at,
        "action": "member.removed",
        "workspace_id": world.workspace_id,
        "actor": {
            "user_id": ann.id,
            "session_id": ann.session_id,
            "ip": "203.0.113.7",
            "user_agent": "Mozilla/5.0 (test)",
        },
        "resource": { "type": "user", "id": ben.id },
        "request_id": "req-of-the-test",
        "details": { "role": "member", "version": 5 },
        "topic": "colink.channels",
    });
    assert_eq!(entry, expected);
    world.finish().await;
}

/// D-3: what the system does by itself has no actor.
#[actix_web::test]
async fn an_event_of_a_job_has_no_actor() {
    let world = World::new().await;
    let ben = world.user("ben");
    let id = world.publish(&world.removal(ben.id), &Cause::default()).await;
    let entry = world.entry(id).await;
    assert_eq!((&entry["actor"], &entry["request_id"]), (&Value::Null, &Value::Null));
    world.finish().await;
}

/// D-3, A-16, C-3: no type of event is left out, on any stream.
#[actix_web::test]
async fn every_type_of_event_is_recorded() {
    let world = World::new().await;
    let folder = Path::new("../../crates/colink-events/golden");
    let mut sent = Vec::new();
    for spec in EVENTS {
        let text = fs::read(folder.join(format!("{}.v{}.json", spec.kind, spec.version))).unwrap();
        let mut envelope: Value = serde_json::from_slice(&text).unwrap();
        let id = EventId::generate(&SystemClock);
        envelope["id"] = json!(id);
        // The broker keeps what is of today.
        envelope["at"] = json!(SystemClock.timestamp());
        let (topic, bytes) = (spec.topic.name().to_owned(), Bytes::from(envelope.to_string()));
        world.send(&OutgoingEvent::from_stored(topic, spec.kind.to_owned(), bytes).unwrap()).await;
        sent.push((id, spec));
    }
    for (id, spec) in sent {
        let entry = world.entry(id).await;
        assert_eq!((&entry["action"], &entry["topic"]), (&json!(spec.kind), &json!(spec.topic.name())));
        assert!(entry["resource"]["id"].is_string(), "{entry}");
    }
    world.finish().await;
}

/// E-3: a stretch that comes again changes nothing.
#[actix_web::test]
async fn an_event_that_comes_again_is_recorded_once() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let event = OutgoingEvent::seal(&world.removal(ben.id), &by(&ann), &SystemClock).unwrap();
    world.send(&event).await;
    let first = world.entry(event.head.id).await;
    world.send(&event).await;
    world.send(&event).await;
    // Of the same key, so it comes after them.
    let last = world.publish(&world.removal(ann.id), &by(&ann)).await;
    world.entry(last).await;

    assert_eq!(world.entry(event.head.id).await, first);
    let stored = world.stored().await;
    let copies = stored.count_documents(doc! { "resource.id": ben.id.to_string() }).await.unwrap();
    assert_eq!(copies, 1);
    world.finish().await;
}

/// D-3: what users write is nobody's business here, not even an administrator's.
#[actix_web::test]
async fn what_users_write_is_never_in_the_log() {
    const MARK: &str = "unspeakable";
    let world = World::new().await;
    let ann = world.user("ann");
    let channel_id = ChannelId::generate(&SystemClock);
    let now = SystemClock.timestamp();
    let message = MessageCreated(MessagePayload {
        id: MessageId::generate(&SystemClock),
        channel_id,
        workspace_id: world.workspace_id,
        seq: 1,
        thread_id: None,
        author: Author {
            id: ann.id,
            username: format!("{MARK}.ann"),
            display_name: format!("{MARK} Ann"),
            avatar_url: None,
            bot: false,
        },
        content: format!("the {MARK} plan"),
        content_html: format!("<p>the {MARK} plan</p>"),
        client_msg_id: Some(MARK.to_owned()),
        file_ids: Vec::new(),
        mentions: Vec::new(),
        edited_at: None,
        deleted_at: None,
        created_at: now,
    });
    let file = FileUploaded {
        file: FilePayload {
            id: FileId::generate(&SystemClock),
            channel_id,
            workspace_id: world.workspace_id,
            uploader_id: ann.id,
            filename: format!("{MARK}.pdf"),
            content_type: "application/pdf".to_owned(),
            size: 48_213,
            sha256: MARK.to_owned(),
            created_at: now,
        },
    };
    let channel = ChannelUpdated {
        channel: ChannelPayload {
            id: channel_id,
            workspace_id: world.workspace_id,
            kind: ChannelKind::Private,
            name: "plans".to_owned(),
            slug: "plans".to_owned(),
            topic: Some(MARK.to_owned()),
            description: Some(MARK.to_owned()),
            archived: false,
            created_by: ann.id,
            created_at: now,
            updated_at: now,
            version: 2,
        },
    };
    let sent = [
        world.publish(&message, &by(&ann)).await,
        world.publish(&file, &by(&ann)).await,
        world.publish(&channel, &by(&ann)).await,
    ];
    let details = json!({ "channel_id": channel_id, "author_id": ann.id, "seq": 1 });
    assert_eq!(world.entry(sent[0]).await["details"], details);
    assert_eq!(world.entry(sent[1]).await["details"]["size"], 48_213);
    assert_eq!(world.entry(sent[2]).await["details"]["name"], "plans");
    let all: Vec<_> = world.stored().await.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    for document in all {
        assert!(!document.to_string().contains(MARK), "{document}");
    }
    world.finish().await;
}

/// D-3, E-7: a type that this build does not know is recorded too, by its head.
#[actix_web::test]
async fn an_event_of_an_unknown_type_is_recorded_without_details() {
    let world = World::new().await;
    let id = EventId::generate(&SystemClock);
    let envelope = json!({
        "id": id, "type": "poll.closed", "version": 1, "at": SystemClock.timestamp(),
        "workspace_id": world.workspace_id, "data": { "question": "unspeakable?" },
    });
    let (topic, bytes) = (Topic::Messages.name().to_owned(), Bytes::from(envelope.to_string()));
    world.send(&OutgoingEvent::from_stored(topic, "poll-7".to_owned(), bytes).unwrap()).await;
    let entry = world.entry(id).await;
    assert_eq!(entry["resource"], json!({ "type": "poll", "id": "poll-7" }));
    assert_eq!(entry["details"], json!({}));
    assert_eq!(world.ids("action=poll.closed").await, [id.to_string()]);
    world.finish().await;
}

/// D-3: what happens while the service is away is recorded when it is back.
#[actix_web::test]
async fn events_from_the_time_of_a_crash_are_recorded_after_it() {
    let mut world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let before = world.publish(&world.removal(ben.id), &by(&ann)).await;
    world.entry(before).await;
    world.admin.kill().await;
    let meanwhile = world.publish(&world.removal(ann.id), &by(&ben)).await;
    world.admin.restart().await;
    world.root = world.admin.client(&world.stage.identity().admin("root"));
    world.entry(meanwhile).await;
    let workspace = format!("workspace_id={}&sort=at", world.workspace_id);
    assert_eq!(world.ids(&workspace).await, [before.to_string(), meanwhile.to_string()]);
    world.finish().await;
}
