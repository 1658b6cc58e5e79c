//! The projection of `colink.users`.

use colink_bus::{KafkaConfig, OutgoingEvent, Producer};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::UserId;
use colink_events::users::{UserPayload, UserRegistered, UserUpdated};
use colink_events::{Cause, Event};
use colink_telemetry::Metrics;
use colink_test::{Environment, SOON, eventually};

use crate::harness::World;

/// A producer on the world's topics.
pub(crate) fn producer(world: &World) -> Producer {
    let mut config = KafkaConfig::new(Environment::get().kafka());
    config.topic_prefix = world.service.stage().topic_prefix().to_owned();
    Producer::new(&config, &Metrics::new("test").expect("metrics")).expect("a producer")
}

pub(crate) async fn publish<E: Event>(producer: &Producer, event: &E) {
    let outgoing = OutgoingEvent::seal(event, &Cause::default(), &SystemClock).expect("an envelope");
    producer.send(&outgoing).await.expect("a published event");
}

pub(crate) fn profile(user_id: UserId, display_name: &str, version: i64) -> UserPayload {
    let (username, at) = ("ada".to_owned(), SystemClock.timestamp());
    let display_name = display_name.to_owned();
    let (avatar_url, status, time_zone, bot) = (None, None, None, false);
    UserPayload { user_id, username, display_name, avatar_url, status, time_zone, bot, version, at }
}

/// W-2, A-12: a member is shown as his latest profile says; an old event changes nothing.
#[tokio::test]
async fn members_are_shown_by_their_latest_profile() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let producer = producer(&world);
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
}
