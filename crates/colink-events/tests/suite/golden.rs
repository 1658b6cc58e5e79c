//! E-5, E-7: every type and version has a golden file that this build reads and writes unchanged.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use colink_events::{EVENTS, Envelope, EventSpec, Opened, Topic};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from("golden")
}

fn file_of(spec: &EventSpec) -> String {
    format!("{}.v{}.json", spec.kind, spec.version)
}

fn golden(spec: &EventSpec) -> Value {
    let text = fs::read_to_string(folder().join(file_of(spec))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read(value: &Value) -> Envelope {
    Envelope::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
}

fn open(spec: &EventSpec, value: &Value) -> (Opened, Value) {
    let opened = spec.open(&read(value)).unwrap();
    let data = serde_json::from_str(opened.data.as_ref().unwrap().get()).unwrap();
    (opened, data)
}

#[test]
fn every_event_has_a_golden_file_and_every_golden_file_an_event() {
    let known: BTreeSet<String> = EVENTS.iter().map(file_of).collect();
    assert_eq!(known.len(), EVENTS.len(), "a type and version is registered twice");
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let found: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(known, found);
}

#[test]
fn every_golden_envelope_is_read_and_written_unchanged() {
    for spec in EVENTS {
        let golden = golden(spec);
        let written: Value = serde_json::from_slice(&read(&golden).to_bytes().unwrap()).unwrap();
        assert_eq!(written, golden, "{}", file_of(spec));
        assert_eq!(golden["type"], spec.kind);
        assert_eq!(golden["version"], spec.version);
    }
}

#[test]
fn every_golden_payload_is_read_and_written_unchanged() {
    for spec in EVENTS {
        let golden = golden(spec);
        let (opened, data) = open(spec, &golden);
        assert_eq!(data, golden["data"], "{}", file_of(spec));
        assert!(!opened.key.is_empty(), "{}", file_of(spec));
    }
}

#[test]
fn an_envelope_says_the_same_as_its_payload() {
    for spec in EVENTS {
        let golden = golden(spec);
        let envelope = read(&golden);
        let (opened, _) = open(spec, &golden);
        assert_eq!(opened.workspace_id, envelope.workspace_id, "{}", file_of(spec));
        assert_eq!(opened.seq, envelope.seq, "{}", file_of(spec));
    }
}

#[test]
fn a_reader_passes_over_fields_that_were_added_later() {
    for spec in EVENTS {
        let golden = golden(spec);
        let mut later = golden.clone();
        later["added_later"] = json!({"deep": [1]});
        later["data"]["added_later"] = json!("x");
        assert_eq!(open(spec, &later).1, golden["data"], "{}", file_of(spec));
    }
}

#[test]
fn no_payload_writes_null() {
    let mut optional = 0;
    for spec in EVENTS {
        let mut golden = golden(spec);
        let fields: Vec<String> = golden["data"].as_object().unwrap().keys().cloned().collect();
        for field in fields {
            let value = golden["data"][&field].take();
            if let Ok(opened) = spec.open(&read(&golden)) {
                let data: Value = serde_json::from_str(opened.data.unwrap().get()).unwrap();
                assert_eq!(data.get(&field), None, "{} {field}", file_of(spec));
                optional += 1;
            }
            golden["data"][&field] = value;
        }
    }
    assert!(optional > 0, "no field may be null: nothing was asked");
}

#[test]
fn every_event_of_the_channel_log_carries_its_seq_and_its_channel() {
    for spec in EVENTS {
        let golden = golden(spec);
        let (opened, data) = open(spec, &golden);
        assert_eq!(opened.seq.is_some(), spec.topic == Topic::Messages, "{}", file_of(spec));
        if spec.topic == Topic::Messages {
            assert_eq!(data["channel_id"], opened.key);
            assert_eq!(data["workspace_id"], opened.workspace_id.unwrap().to_string());
            assert_eq!(data["seq"].as_i64(), opened.seq);
        }
    }
}

#[test]
fn the_key_is_the_id_that_order_matters_within() {
    let path = |spec: &EventSpec| match (spec.topic, spec.kind.split_once('.').unwrap().0) {
        (Topic::Messages, _) => "/channel_id",
        (Topic::Channels, "workspace") => "/workspace/id",
        (Topic::Channels, "member") => "/workspace_id",
        (Topic::Channels, "channel") => "/channel/id",
        (Topic::Channels, "access") => "/user_id",
        (Topic::Channels, _) => "/channel_id",
        (Topic::Users, "signing_key") => "/kid",
        (Topic::Users, _) => "/user_id",
        (Topic::Files, _) if spec.kind == "file.uploaded" => "/file/id",
        (Topic::Files, _) => "/file_id",
        (Topic::Moderation, _) => "/target_id",
    };
    for spec in EVENTS {
        let (opened, data) = open(spec, &golden(spec));
        assert_eq!(data.pointer(path(spec)).unwrap(), &opened.key, "{}", file_of(spec));
    }
}

#[test]
fn no_event_holds_what_must_stay_secret() {
    for spec in EVENTS {
        let text = golden(spec)["data"].to_string();
        for word in ["email\":", "password\":", "token\":", "secret\":", "@example.com"] {
            assert!(!text.contains(word), "{} {word}", file_of(spec));
        }
    }
}
