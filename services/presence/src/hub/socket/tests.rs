use std::sync::Arc;

use colink_core::clock::SystemClock;
use colink_telemetry::Metrics;

use super::*;
use crate::metrics::PresenceMetrics;

/// A socket of somebody.
pub(in crate::hub) fn socket(scopes: Scopes) -> (Arc<Socket>, Outbox) {
    let identity = Identity {
        user_id: UserId::generate(&SystemClock),
        session_id: SessionId::generate(&SystemClock),
        username: "ann".to_owned(),
        scopes,
        second_factor: false,
    };
    let metrics = PresenceMetrics::new(&Metrics::new("sockets").unwrap()).unwrap();
    let id = SessionId::generate(&SystemClock).as_uuid();
    let (socket, outbox) = Socket::new(id, identity, metrics.socket());
    (Arc::new(socket), outbox)
}

fn frame(text: &str) -> ByteString {
    ByteString::from(text)
}

/// from half the queue on passing frames are dropped, and messages still fit; one that does not closes the socket.
#[test]
fn passing_frames_are_dropped_first() {
    let (socket, mut outbox) = socket(Scopes::ALL);
    let half = QUEUE_FRAMES / 2;
    for _ in 0..half {
        socket.push_sequenced(frame("message"));
    }
    socket.push_ephemeral(frame("typing"));
    for _ in half..QUEUE_FRAMES {
        socket.push_sequenced(frame("message"));
    }
    assert!(!socket.is_closing());
    socket.push_sequenced(frame("one too many"));
    assert_eq!(socket.closing.get(), Some(&Close::TooSlow));
    let queued: Vec<ByteString> = std::iter::from_fn(|| outbox.ready(&socket)).collect();
    assert_eq!(queued, vec![frame("message"); QUEUE_FRAMES]);
}

/// bytes count as frames do.
#[test]
fn a_queue_is_bounded_by_its_bytes() {
    let (socket, _outbox) = socket(Scopes::ALL);
    let large = frame(&"x".repeat(QUEUE_BYTES / 2));
    socket.push_sequenced(large.clone());
    socket.push_ephemeral(frame("typing"));
    socket.push_sequenced(large.clone());
    assert!(!socket.is_closing());
    socket.push_sequenced(frame("x"));
    assert_eq!(socket.closing.get(), Some(&Close::TooSlow));
}

/// a frame whose writing was given up comes again, before those behind it; one that was written does not.
#[tokio::test]
async fn a_frame_in_hand_is_not_lost() {
    let (socket, mut outbox) = socket(Scopes::ALL);
    for text in ["1", "2", "3"] {
        socket.push_sequenced(frame(text));
    }
    assert_eq!(outbox.next(&socket).await, Some(frame("1")));
    assert_eq!(outbox.next(&socket).await, Some(frame("1")));
    outbox.written();
    assert_eq!(outbox.next(&socket).await, Some(frame("2")));
    let rest: Vec<ByteString> = std::iter::from_fn(|| outbox.ready(&socket)).collect();
    assert_eq!(rest, ["2", "3"]);
}
