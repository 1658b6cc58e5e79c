//! E-8 and the list that topics are created from.

use std::collections::BTreeSet;

use colink_events::{EVENTS, EventSpec, PARTITIONS, Topic, TopicRole, all_topics, mirrored_types};

#[test]
fn outside_consumers_find_the_promised_types_under_their_own_names() {
    let mirrored: Vec<&str> = mirrored_types().collect();
    let promised = [
        "message.created",
        "message.updated",
        "message.deleted",
        "reaction.added",
        "reaction.removed",
        "file.uploaded",
        "moderation.action",
    ];
    assert_eq!(mirrored, promised);
}

#[test]
fn every_stream_has_a_topic_and_a_place_for_parked_events() {
    let topics = all_topics("");
    for topic in Topic::ALL {
        let named = |name: &str| topics.iter().find(|spec| spec.name == name).map(|spec| spec.role);
        assert_eq!(named(topic.name()), Some(TopicRole::Stream(topic)));
        assert_eq!(named(&topic.dlq()), Some(TopicRole::DeadLetters(topic)));
        assert_eq!(Topic::from_name(topic.name()), Some(topic));
    }
    assert_eq!(topics.len(), 5 + 5 + 7);
    assert!(topics.iter().all(|spec| spec.partitions == PARTITIONS && spec.retention_ms >= 604_800_000));
    assert_eq!(Topic::from_name("colink.nothing"), None);
}

#[test]
fn topic_names_are_unique_and_carry_the_prefix() {
    let names: BTreeSet<String> = all_topics("test-7.").into_iter().map(|spec| spec.name).collect();
    assert_eq!(names.len(), all_topics("").len());
    assert!(names.contains("test-7.colink.messages.dlq") && names.contains("test-7.message.created"));
}

#[test]
fn an_event_is_found_by_type_and_version() {
    for spec in EVENTS {
        assert_eq!(EventSpec::find(spec.kind, spec.version).map(|found| found.topic), Some(spec.topic));
        assert!(EventSpec::find(spec.kind, 9_999).is_none());
    }
}
