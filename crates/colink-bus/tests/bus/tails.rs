use colink_bus::OutgoingEvent;
use colink_core::clock::SystemClock;
use colink_events::users::UserUpdated;
use colink_events::{Cause, Topic};
use colink_telemetry::metrics::Metrics;

use crate::harness::{World, new_user, user_updated};

/// every node gets every event that is published after it was ready, and nothing older.
#[tokio::test(flavor = "multi_thread")]
async fn every_tail_gets_everything_from_its_readiness_on() {
    let world = World::new(&["colink.users"]).await;
    let (producer, _) = world.producer();
    let send = async |version| {
        let event = user_updated(new_user(), version);
        producer.send(&OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap()).await.unwrap();
    };
    for _ in 0..20 {
        send(-1).await;
    }
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let mut tail =
            colink_bus::Tail::start(&world.kafka, Topic::Users, &Metrics::new("tail").unwrap()).unwrap();
        let mut readiness = tail.readiness();
        assert!(!readiness.is_ready());
        nodes.push(tokio::spawn(async move {
            let mut versions = Vec::new();
            for _ in 0..40 {
                let item = tail.next().await.unwrap();
                let event: UserUpdated = item.envelope().unwrap().open().unwrap();
                assert_eq!(event.0.user_id.to_string().as_bytes(), item.key);
                versions.push(event.0.version);
            }
            versions.sort_unstable();
            versions
        }));
        assert!(readiness.wait().await);
    }
    for version in 0..40 {
        send(version).await;
    }
    for node in nodes {
        assert_eq!(node.await.unwrap(), (0..40).collect::<Vec<i64>>());
    }
    world.end().await;
}
