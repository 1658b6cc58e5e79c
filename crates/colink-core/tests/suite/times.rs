//! Times are RFC 3339, UTC, exactly milliseconds.

use std::time::Duration;

use chrono::{DateTime, Utc};
use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_core::time::{Timestamp, rfc3339_millis, rfc3339_millis_option};
use proptest::prelude::{prop_assert_eq, proptest};
use serde::{Deserialize, Serialize};

#[test]
fn a_time_has_exactly_three_decimals() {
    for (given, written) in [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000Z"),
        ("2026-01-31T09:30:00.1Z", "2026-01-31T09:30:00.100Z"),
        ("2026-01-31T09:30:00.123999Z", "2026-01-31T09:30:00.123Z"),
        ("2026-01-31T11:30:00.5+02:00", "2026-01-31T09:30:00.500Z"),
    ] {
        assert_eq!(Timestamp::parse(given).unwrap().to_string(), written);
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in ["", "now", "2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31T09:30:00", "1767225600"] {
        assert!(Timestamp::parse(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Timestamp>("1767225600").is_err());
}

#[test]
fn the_ends_of_time_can_be_written() {
    assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(Timestamp::from(DateTime::<Utc>::MAX_UTC), Timestamp::from_millis(i64::MAX));
    assert_eq!(Timestamp::from_millis(0), Timestamp::UNIX_EPOCH);
}

#[test]
fn a_field_can_stay_a_datetime() {
    #[derive(Serialize, Deserialize)]
    struct Row {
        #[serde(with = "rfc3339_millis")]
        at: DateTime<Utc>,
        #[serde(default, with = "rfc3339_millis_option")]
        end: Option<DateTime<Utc>>,
    }
    let row: Row = serde_json::from_str(r#"{"at":"2026-01-31T09:30:00Z"}"#).unwrap();
    assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"at":"2026-01-31T09:30:00.000Z","end":null}"#);
    let row = Row { end: Some(row.at), ..row };
    let json = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Row>(&json).unwrap().end, row.end);
}

#[test]
fn a_manual_clock_moves_when_it_is_told() {
    let clock = ManualClock::default();
    assert_eq!(clock.timestamp().to_string(), "2026-01-01T00:00:00.000Z");
    clock.advance(Duration::from_millis(1_500));
    assert_eq!(Timestamp::now(&clock).to_string(), "2026-01-01T00:00:01.500Z");
    clock.set(DateTime::UNIX_EPOCH);
    assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
    clock.advance(Duration::MAX);
    assert!(clock.now() > DateTime::UNIX_EPOCH);
    let system = SystemClock::shared();
    assert!(system.now() <= system.now());
}

proptest! {
    #[test]
    fn any_time_survives_text(millis in -62_167_219_200_000_i64..=253_402_300_799_999) {
        let moment = Timestamp::from_millis(millis);
        prop_assert_eq!(moment.as_millis(), millis);
        prop_assert_eq!(moment.to_string().len(), 24);
        prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
        prop_assert_eq!(Timestamp::from(moment.as_datetime()), moment);
    }

    #[test]
    fn any_number_is_some_time(millis: i64) {
        let moment = Timestamp::from_millis(millis);
        prop_assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text: String) {
        let _ = Timestamp::parse(&text);
    }
}
