//! Sealing, sending and opening.

use colink_core::clock::ManualClock;
use colink_core::id::{RequestId, SessionId, UserId};
use colink_core::time::Timestamp;
use colink_events::messages::{Author, Mention};
use colink_events::moderation::TargetType;
use colink_events::users::{LoginFailed, UserErased, UserVerified};
use colink_events::{Actor, Cause, Envelope, Event, OpenError};

fn cause(clock: &ManualClock) -> Cause {
    Cause {
        actor: Some(Actor {
            user_id: Some(UserId::generate(clock)),
            session_id: Some(SessionId::generate(clock)),
            ip: Some("2001:db8::1".parse().unwrap()),
            user_agent: Some("curl/8".into()),
        }),
        request_id: Some(RequestId::parse("req-1").unwrap()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    }
}

fn verified(clock: &ManualClock) -> UserVerified {
    UserVerified { user_id: UserId::generate(clock), at: Timestamp::now(clock) }
}

#[test]
fn an_event_arrives_as_it_was_sealed() {
    let clock = ManualClock::default();
    let (event, cause) = (verified(&clock), cause(&clock));
    let sealed = Envelope::seal(&event, &cause, &clock).unwrap();
    let read = Envelope::from_slice(&sealed.to_bytes().unwrap()).unwrap();
    assert_eq!(read.id, sealed.id);
    assert_eq!(read.at, Timestamp::now(&clock));
    assert_eq!(read.cause(), cause);
    assert!(read.is::<UserVerified>() && !read.is::<UserErased>());
    assert_eq!(read.open::<UserVerified>().unwrap(), event);
}

#[test]
fn what_the_system_does_by_itself_has_no_actor() {
    let clock = ManualClock::default();
    let sealed = Envelope::seal(&verified(&clock), &Cause::default(), &clock).unwrap();
    let text = String::from_utf8(sealed.to_bytes().unwrap()).unwrap();
    for field in ["actor", "request_id", "traceparent", "workspace_id", "seq", "null"] {
        assert!(!text.contains(field), "{text}");
    }
}

#[test]
fn another_event_is_told_from_a_broken_one() {
    let clock = ManualClock::default();
    let mut sealed = Envelope::seal(&verified(&clock), &Cause::default(), &clock).unwrap();
    assert!(matches!(sealed.open::<UserErased>(), Err(OpenError::Other { .. })));
    sealed.version = 2;
    let refused = sealed.open::<UserVerified>().unwrap_err();
    assert_eq!(refused.to_string(), "expected user.verified v1, got user.verified v2");
    sealed.version = 1;
    sealed.data = serde_json::value::to_raw_value(&7).unwrap();
    assert!(matches!(sealed.open::<UserVerified>(), Err(OpenError::Payload { .. })));
}

#[test]
fn poison_is_no_envelope() {
    for bytes in [&b""[..], b"null", b"{}", b"[1]", b"\xff\xfe", b"{\"id\":\"x\"}"] {
        assert!(Envelope::from_slice(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn the_payload_is_passed_on_as_the_text_it_was() {
    let clock = ManualClock::default();
    let mut sealed = Envelope::seal(&verified(&clock), &Cause::default(), &clock).unwrap();
    let odd = r#"{ "b":1.50,  "a":18446744073709551615 }"#;
    sealed.data = serde_json::value::RawValue::from_string(odd.into()).unwrap();
    let read = Envelope::from_slice(&sealed.to_bytes().unwrap()).unwrap();
    assert_eq!(read.data.get(), odd);
}

#[test]
fn a_failed_sign_in_of_nobody_known_has_a_key_too() {
    let clock = ManualClock::default();
    let mut event = LoginFailed { user_id: None, reason: "password".into(), at: Timestamp::now(&clock) };
    assert_eq!(event.key(), "unknown");
    event.user_id = Some(UserId::generate(&clock));
    assert_eq!(event.key(), event.user_id.unwrap().to_string());
}

/// E-5: `bot` was added to authors; one without it is a person's.
#[test]
fn an_author_of_before_bots_were_marked_is_a_person() {
    let text = r#"{"id":"01942000-0000-7000-8000-000000000003","username":"ada","display_name":"Ada"}"#;
    let author: Author = serde_json::from_str(text).unwrap();
    assert!(!author.bot);
    assert_eq!(serde_json::to_string(&author).unwrap(), text);
}

#[test]
fn words_of_later_builds_are_read_as_unknown() {
    let mention: Mention = serde_json::from_str(r#"{"kind":"everyone","n":1}"#).unwrap();
    assert_eq!(mention, Mention::Unknown);
    let target: TargetType = serde_json::from_str("\"poll\"").unwrap();
    assert_eq!(target, TargetType::Unknown);
}
