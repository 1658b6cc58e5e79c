//! Typed ids.

use std::time::Duration;

use colink_core::clock::ManualClock;
use colink_core::id::{ChannelId, RequestId, UserId};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use uuid::Uuid;

const TEXT: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";

#[test]
fn an_id_is_lower_case_hyphenated_text_everywhere() {
    let id: UserId = TEXT.to_uppercase().parse().unwrap();
    assert_eq!(id.to_string(), TEXT);
    assert_eq!(format!("{id:?}"), format!("UserId({TEXT})"));
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{TEXT}\""));
    assert_eq!(serde_json::from_str::<UserId>(&format!("\"{TEXT}\"")).unwrap(), id);
    assert_eq!(UserId::from(Uuid::from(id)), id);
    assert_eq!(UserId::from_uuid(id.as_uuid()), id);
}

#[test]
fn an_id_can_be_the_key_of_a_map() {
    let id: ChannelId = TEXT.parse().unwrap();
    let map = std::collections::BTreeMap::from([(id, 42)]);
    assert_eq!(serde_json::to_string(&map).unwrap(), format!("{{\"{TEXT}\":42}}"));
}

#[test]
fn other_spellings_of_a_uuid_are_refused() {
    let bare = TEXT.replace('-', "");
    for text in ["", "1", &bare, &format!("{{{TEXT}}}"), &format!("urn:uuid:{TEXT}"), "💥💥💥💥💥💥💥💥💥"]
    {
        assert!(text.parse::<UserId>().is_err(), "{text}");
    }
    assert!(serde_json::from_str::<UserId>("7").is_err());
}

#[test]
fn ids_sort_by_the_time_of_their_making() {
    let clock = ManualClock::default();
    let mut ids = Vec::new();
    for _ in 0..50 {
        ids.push(ChannelId::generate(&clock));
        clock.advance(Duration::from_millis(1));
    }
    assert!(ids.is_sorted());
    assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
    let (seconds, _) = ids[0].as_uuid().get_timestamp().unwrap().to_unix();
    assert_eq!(seconds, 1_767_225_600);
}

#[test]
fn a_request_id_is_taken_from_outside_when_it_is_well_formed() {
    assert_eq!(RequestId::parse("web-1_2.3").unwrap().as_str(), "web-1_2.3");
    assert_eq!(RequestId::parse(&"a".repeat(64)).unwrap().as_str().len(), 64);
    for text in ["", &"a".repeat(65), "a b", "a\n", "ä", "a/b", "a\"b"] {
        assert!(RequestId::parse(text).is_err(), "{text}");
    }
    let made = RequestId::generate(&ManualClock::default());
    assert_eq!(RequestId::parse(made.as_str()).unwrap(), made);
}

proptest! {
    #[test]
    fn any_uuid_survives_text(bits: u128) {
        let id = UserId::from_uuid(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        prop_assert_eq!(serde_json::from_str::<UserId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text: String) {
        let _: Result<UserId, _> = text.parse();
        if let Ok(id) = RequestId::parse(&text) {
            prop_assert!(id.as_str() == text && text.is_ascii() && text.len() <= 64);
        }
    }
}
