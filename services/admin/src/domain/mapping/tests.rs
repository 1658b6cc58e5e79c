//! D-3, A-16: held against every event there is, by the golden files of `colink-events`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use colink_events::{EVENTS, EventSpec};
use serde_json::json;

use super::*;
use crate::domain::rules::RULES;

const PLACE: Place = Place { topic: Cow::Borrowed("colink.messages"), partition: 3, offset: 17 };

/// What is deliberately not recorded. A field that is neither here nor in its event's rule fails the tests: whoever
/// adds one decides. Content, names and hashes are here to stay; times and counts are in the event.
const WITHHELD: &[&str] = &[
    "at",
    "created_at",
    "edited_at",
    "deleted_at",
    "last_reply_at",
    "count",
    "reply_count",
    "id",
    "workspace_id",
    "participants",
    "file_ids",
    "mentions",
    "content",
    "content_html",
    "client_msg_id",
    "emoji",
    "author/username",
    "author/display_name",
    "author/avatar_url",
    "author/bot",
    "username",
    "display_name",
    "avatar_url",
    "status/text",
    "status/emoji",
    "status/expires_at",
    "time_zone",
    "bot",
    "email_hash",
    "reason",
    "workspace/created_at",
    "workspace/updated_at",
    "workspace/deleted_at",
    "channel/workspace_id",
    "channel/topic",
    "channel/description",
    "channel/created_at",
    "channel/updated_at",
    "file/workspace_id",
    "file/filename",
    "file/sha256",
    "file/created_at",
];

/// Fields whose values must not be found in an entry of any event, whatever a rule says.
const SECRET: &[&str] = &[
    "content",
    "content_html",
    "client_msg_id",
    "emoji",
    "filename",
    "sha256",
    "email_hash",
    "username",
    "display_name",
    "avatar_url",
    "text",
    "time_zone",
    "topic",
    "description",
];

fn golden(spec: &EventSpec) -> Envelope {
    let folder = PathBuf::from("../../crates/colink-events/golden");
    let file = folder.join(format!("{}.v{}.json", spec.kind, spec.version));
    Envelope::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn data(envelope: &Envelope) -> Value {
    serde_json::from_str(envelope.data.get()).unwrap()
}

fn changed(envelope: &Envelope, change: impl FnOnce(&mut Value)) -> Envelope {
    let mut value: Value = serde_json::from_slice(&envelope.to_bytes().unwrap()).unwrap();
    change(&mut value);
    serde_json::from_value(value).unwrap()
}

fn by_type(kind: &str) -> Envelope {
    golden(EventSpec::find(kind, 1).unwrap())
}

/// Every field of a payload by its path; a list is one field.
fn fields(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    let Some(object) = value.as_object() else {
        found.insert(path.to_owned(), value.clone());
        return;
    };
    for (name, inner) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        fields(inner, &path, found);
    }
}

fn fields_of(envelope: &Envelope) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    fields(&data(envelope), "", &mut found);
    found
}

#[test]
fn every_event_has_one_rule_and_every_rule_an_event() {
    let events: BTreeSet<_> = EVENTS.iter().map(|spec| (spec.kind, spec.version)).collect();
    let rules: BTreeSet<_> = RULES.iter().map(|rule| (rule.kind, rule.version)).collect();
    assert_eq!(rules.len(), RULES.len(), "a type and version has two rules");
    assert_eq!(events, rules);
}

#[test]
fn an_entry_says_who_what_when_and_where_for_every_event() {
    for spec in EVENTS {
        let envelope = golden(spec);
        let entry = entry_of(&envelope, b"key", PLACE);
        assert!(is_known(&envelope), "{}", spec.kind);
        assert_eq!((entry.id, entry.at), (envelope.id, envelope.at));
        assert_eq!(entry.action, spec.kind);
        assert_eq!((entry.workspace_id, &entry.request_id), (envelope.workspace_id, &envelope.request_id));
        assert_eq!(entry.actor, envelope.actor);
        assert_eq!(entry.place, PLACE);
        assert!(!entry.resource.kind.is_empty(), "{}", spec.kind);
        assert!(entry.resource.id.is_some(), "{}", spec.kind);
        assert_ne!(entry.resource.id.as_deref(), Some("key"), "{}", spec.kind);
    }
}

#[test]
fn every_path_of_a_rule_is_in_the_payload() {
    for spec in EVENTS {
        let (envelope, rule) = (golden(spec), find(spec.kind, spec.version).unwrap());
        for path in rule.details {
            assert!(at(&data(&envelope), path).is_some(), "{} has no {path}", spec.kind);
        }
        assert_eq!(entry_of(&envelope, b"", PLACE).details.len(), rule.details.len(), "{}", spec.kind);
    }
}

#[test]
fn every_field_of_an_event_is_recorded_or_withheld() {
    for spec in EVENTS {
        let rule = find(spec.kind, spec.version).unwrap();
        let target: Vec<&str> = match &rule.resource {
            Target::First(places) => places.iter().map(|(_, path)| *path).collect(),
            Target::Named { kind, id } => vec![kind, id],
        };
        for path in fields_of(&golden(spec)).keys() {
            let path = path.as_str();
            let decided = [rule.details, &target, WITHHELD].iter().any(|list| list.contains(&path));
            assert!(decided, "{}: record `{path}` in rules.rs or withhold it here", spec.kind);
        }
    }
}

#[test]
fn what_users_wrote_and_what_names_them_is_in_no_entry() {
    for spec in EVENTS {
        let envelope = golden(spec);
        let entry = entry_of(&envelope, b"", PLACE);
        let mut recorded = BTreeMap::new();
        fields(&Value::Object(entry.details), "", &mut recorded);
        for (path, value) in fields_of(&envelope) {
            let name = path.rsplit('/').next().unwrap();
            if SECRET.contains(&name) {
                assert!(!recorded.values().any(|one| *one == value), "{} records {path}", spec.kind);
            }
        }
    }
}

#[test]
fn of_a_message_only_ids_and_its_number_are_recorded() {
    let entry = entry_of(&by_type("message.created"), b"", PLACE);
    let details = json!({
        "channel_id": "01942000-0000-7000-8000-000000000002",
        "author_id": "01942000-0000-7000-8000-000000000003",
        "thread_id": "01942000-0000-7000-8000-000000000006",
        "seq": 41,
    });
    assert_eq!(Value::Object(entry.details), details);
    assert_eq!(entry.resource.kind, "message");
    assert_eq!(entry.resource.id.as_deref(), Some("01942000-0000-7000-8000-000000000005"));
}

#[test]
fn a_bypass_is_of_the_channel_else_of_the_workspace() {
    let envelope = by_type("access.bypassed");
    assert_eq!(entry_of(&envelope, b"", PLACE).resource.kind, "channel");
    let outside = changed(&envelope, |value| {
        value["data"].as_object_mut().unwrap().remove("channel_id");
    });
    assert_eq!(entry_of(&outside, b"", PLACE).resource.kind, "workspace");
}

#[test]
fn moderation_names_its_target_itself() {
    let entry = entry_of(&by_type("moderation.flagged"), b"", PLACE);
    assert_eq!(entry.resource.kind, "message");
    assert_eq!(entry.resource.id.as_deref(), Some("01942000-0000-7000-8000-000000000005"));
}

#[test]
fn a_failed_sign_in_of_nobody_has_a_resource_without_id() {
    let unknown = changed(&by_type("login.failed"), |value| {
        value["data"].as_object_mut().unwrap().remove("user_id");
    });
    let entry = entry_of(&unknown, b"unknown", PLACE);
    assert_eq!(entry.resource, Resource { kind: "user".to_owned(), id: None });
}

#[test]
fn of_an_unknown_type_or_version_the_head_and_the_key_are_recorded() {
    let of_tomorrow = changed(&by_type("message.created"), |value| value["type"] = json!("poll.closed"));
    let newer = changed(&by_type("message.created"), |value| value["version"] = json!(2));
    for (envelope, kind) in [(of_tomorrow, "poll"), (newer, "message")] {
        let entry = entry_of(&envelope, b"some-key", PLACE);
        assert!(!is_known(&envelope));
        assert_eq!(entry.resource, Resource { kind: kind.to_owned(), id: Some("some-key".to_owned()) });
        assert!(entry.details.is_empty());
        assert_eq!(entry.actor, envelope.actor);
    }
}

#[test]
fn a_payload_of_another_shape_is_recorded_all_the_same() {
    for data in [json!(null), json!([1]), json!({ "id": 5, "author": "x" })] {
        let odd = changed(&by_type("message.created"), |value| value["data"] = data);
        let entry = entry_of(&odd, b"", PLACE);
        assert_eq!(entry.resource, Resource { kind: "message".to_owned(), id: None });
        assert!(entry.details.is_empty());
    }
}
