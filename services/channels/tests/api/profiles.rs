//! The projection of `colink.users`.

use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::UserId;
use colink_events::users::{UserErased, UserPayload, UserRegistered, UserUpdated};
use colink_events::{Cause, Event};
use colink_telemetry::Metrics;
use colink_test::{Environment, SOON, eventually};

use crate::harness::World;

async fn publish<E: Event>(producer: &Producer, event: &E) {
    let outgoing = OutgoingEvent::seal(event, &Cause::default(), &SystemClock).expect("an envelope");
    producer.send(&outgoing).await.expect("a published event");
}

fn profile(user_id: UserId, display_name: &str, version: i64) -> UserPayload {
    let (username, at) = ("ada".to_owned(), SystemClock.timestamp());
    UserPayload { user_id, username, display_name: display_name.to_owned(), avatar_url: None, version, at }
}

/// W-2, A-12: a member is shown as his latest profile says; an old event changes nothing, and an erased one stays erased.
#[tokio::test]
async fn members_are_shown_by_their_latest_profile() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let mut config = KafkaConfig::new(Environment::get().kafka());
    config.topic_prefix = world.service.stage().topic_prefix().to_owned();
    let producer = Producer::new(&config, &Metrics::new("test").expect("metrics")).expect("a producer");
    let client = world.client(&ada);
    let shown = async |name: &str| {
        eventually(name, SOON, async || {
            let answer = client.get(&format!("/workspaces/{workspace}/members")).await.expect(200);
            (answer.text("/items/0/display_name") == name).then_some(())
        })
        .await;
    };
    shown(&ada.username).await;
    publish(&producer, &UserRegistered(profile(ada.id, "Ada", 1))).await;
    shown("Ada").await;
    publish(&producer, &UserUpdated(profile(ada.id, "Ada Lovelace", 3))).await;
    publish(&producer, &UserUpdated(profile(ada.id, "Ada Byron", 2))).await;
    shown("Ada Lovelace").await;
    publish(&producer, &UserErased { user_id: ada.id, at: SystemClock.timestamp() }).await;
    shown("Deleted user").await;
    publish(&producer, &UserUpdated(profile(ada.id, "Ada again", 9))).await;
    let marker = world.user("marker").id;
    publish(&producer, &UserRegistered(profile(marker, "Marker", 1))).await;
    shown("Deleted user").await;
}
