use std::collections::HashMap;
use std::time::Duration;

use colink_bus::OutgoingEvent;
use colink_bus::outbox::{self, Relay, RelayConfig, RelayHandle};
use colink_bus::shard::{SHARDS, shard_of};
use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_core::time::Timestamp;
use colink_events::moderation::{ModerationAction, TargetType};
use colink_events::users::UserUpdated;
use colink_events::{Cause, Envelope};
use colink_telemetry::metrics::Metrics;
use sqlx::PgPool;

use crate::harness::{Running, World, eventually, metric, new_user, user_updated};

fn start(world: &World, pool: PgPool) -> (Running, RelayHandle, Metrics) {
    let (producer, metrics) = world.producer();
    let relay = Relay::new(pool, producer, RelayConfig::default());
    let handle = relay.handle();
    (Running::start(|cancel| relay.run(cancel)), handle, metrics)
}

pub(crate) async fn enqueue(pool: &PgPool, user_id: UserId, version: i64, commit: bool) {
    let mut transaction = pool.begin().await.unwrap();
    outbox::enqueue(&mut transaction, &user_updated(user_id, version), &Cause::default(), &SystemClock)
        .await
        .unwrap();
    if commit {
        transaction.commit().await.unwrap();
    } else {
        transaction.rollback().await.unwrap();
    }
}

pub(crate) async fn until_drained(pool: &PgPool) {
    eventually("the outbox is empty", async || outbox::drained(pool).await.unwrap()).await;
}

/// E-1, E-2: what is committed is published in order per key; what is rolled back never is.
#[tokio::test(flavor = "multi_thread")]
async fn committed_events_are_published_in_order_per_key() {
    let world = World::new(&["colink.users"]).await;
    let users: Vec<UserId> = (0..5).map(|_| new_user()).collect();
    for version in 1..=20 {
        for user_id in &users {
            enqueue(&world.pool, *user_id, version, true).await;
            enqueue(&world.pool, *user_id, -version, false).await;
        }
    }
    assert!(!outbox::drained(&world.pool).await.unwrap());

    let (relay, _, _) = start(&world, world.pool.clone());
    until_drained(&world.pool).await;
    let seen = world.read("colink.users", 100).await;
    let mut versions: HashMap<String, Vec<i64>> = HashMap::new();
    for record in &seen {
        let envelope = Envelope::from_slice(&record.payload).unwrap();
        let event: UserUpdated = envelope.open().unwrap();
        versions.entry(record.key.clone()).or_default().push(event.0.version);
        assert_eq!(record.headers["ce_id"], envelope.id.to_string());
        assert_eq!(record.headers["ce_type"], "user.updated");
        assert_eq!(record.headers["ce_specversion"], "1.0");
        assert_eq!(record.headers["ce_source"], "/colink/bus-test");
    }
    let expected: Vec<i64> = (1..=20).collect();
    assert_eq!(versions.len(), 5);
    assert!(versions.values().all(|found| *found == expected), "{versions:?}");
    relay.stop().await;
    world.end().await;
}

/// E-1: a woken relay does not wait for its poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_publishes_at_once() {
    let world = World::new(&["colink.users"]).await;
    let (producer, _) = world.producer();
    let config = RelayConfig { poll: Duration::from_secs(600), ..RelayConfig::default() };
    let relay = Relay::new(world.pool.clone(), producer, config);
    let handle = relay.handle();
    let relay = Running::start(|cancel| relay.run(cancel));
    for version in 1..=3 {
        enqueue(&world.pool, new_user(), version, true).await;
        handle.wake();
        until_drained(&world.pool).await;
    }
    relay.stop().await;
    world.end().await;
}

/// E-1: an event that can never be published holds up its own key and no other; mended or given up, the key goes on in order.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_published_is_set_aside() {
    let world = World::new(&["colink.users"]).await;
    let (unreadable, large, sound) = (new_user(), new_user(), new_user());
    for version in 1..=3 {
        for user_id in [unreadable, large, sound] {
            enqueue(&world.pool, user_id, version, true).await;
        }
    }
    let original = spoil(&world.pool, unreadable, b"no envelope").await;
    let mut too_large = user_updated(large, 2);
    too_large.0.display_name = "x".repeat(2_000_000);
    let too_large = OutgoingEvent::seal(&too_large, &Cause::default(), &SystemClock).unwrap();
    spoil(&world.pool, large, &too_large.payload).await;
    let [unreadable, large, sound] = [unreadable, large, sound].map(|user_id| user_id.to_string());

    let (relay, handle, metrics) = start(&world, world.pool.clone());
    let found = versions(&world, 5).await;
    assert_eq!(
        (&*found[&unreadable], &*found[&large], &*found[&sound]),
        (&[1][..], &[1][..], &[1, 2, 3][..])
    );
    eventually("both are counted", async || metric(&metrics, "outbox_set_aside", "") == 2.0).await;
    let left: Vec<(String, bool)> =
        sqlx::query_as("select key, refusal is not null from outbox order by ordinal")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let expected = [(&unreadable, true), (&large, true), (&unreadable, false), (&large, false)];
    assert_eq!(left, expected.map(|(key, refused)| (key.clone(), refused)));

    let mended = "update outbox set payload = $2, refusal = null where key = $1 and refusal is not null";
    sqlx::query(mended).bind(&unreadable).bind(&original).execute(&world.pool).await.unwrap();
    let given_up = "delete from outbox where key = $1 and refusal is not null";
    sqlx::query(given_up).bind(&large).execute(&world.pool).await.unwrap();
    handle.wake();
    until_drained(&world.pool).await;
    let found = versions(&world, 8).await;
    assert_eq!((&*found[&unreadable], &*found[&large]), (&[1, 2, 3][..], &[1, 3][..]));
    relay.stop().await;
    world.end().await;
}

/// Puts other bytes into a user's second event; what was there.
async fn spoil(pool: &PgPool, user_id: UserId, payload: &[u8]) -> Vec<u8> {
    let second = "select id, payload from outbox where key = $1 order by ordinal offset 1 limit 1";
    let (id, original): (uuid::Uuid, Vec<u8>) =
        sqlx::query_as(second).bind(user_id.to_string()).fetch_one(pool).await.unwrap();
    let spoilt = "update outbox set payload = $2 where id = $1";
    sqlx::query(spoilt).bind(id).bind(payload).execute(pool).await.unwrap();
    original
}

/// The versions of each key in the order in which they were published.
pub(crate) async fn versions(world: &World, count: usize) -> HashMap<String, Vec<i64>> {
    let mut versions: HashMap<String, Vec<i64>> = HashMap::new();
    for record in world.read("colink.users", count).await {
        let event: UserUpdated = Envelope::from_slice(&record.payload).unwrap().open().unwrap();
        versions.entry(record.key).or_default().push(event.0.version);
    }
    versions
}

/// E-8: a mirrored type is copied to the topic of its name; a switch turns that off.
#[tokio::test(flavor = "multi_thread")]
async fn mirrored_types_are_copied_unless_switched_off() {
    let mut world = World::new(&["colink.moderation", "moderation.action"]).await;
    for (mirror, name) in [(false, "unseen"), (true, "suspend_user")] {
        world.kafka.mirror = mirror;
        let (relay, handle, _) = start(&world, world.pool.clone());
        moderate(&world.pool, name).await;
        handle.wake();
        until_drained(&world.pool).await;
        relay.stop().await;
    }
    let stream = world.read("colink.moderation", 2).await;
    let mirror = world.read("moderation.action", 1).await;
    assert_eq!(mirror[0].payload, stream[1].payload);
    assert_eq!(mirror[0].key, "u1");
    world.end().await;
}

/// E-1, E-8: a mirror whose topic is missing holds nothing up and repeats nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_mirror_decides_nothing_about_the_stream() {
    let mut world = World::new(&["colink.moderation"]).await;
    world.kafka.mirror = true;
    let (relay, handle, _) = start(&world, world.pool.clone());
    for actions in [&["warn_user", "suspend_user"][..], &["restore_user"]] {
        for action in actions {
            moderate(&world.pool, action).await;
        }
        handle.wake();
        until_drained(&world.pool).await;
    }
    let stream = world.read("colink.moderation", 3).await;
    let actions = stream.iter().map(|record| {
        let event: ModerationAction = Envelope::from_slice(&record.payload).unwrap().open().unwrap();
        event.action
    });
    assert_eq!(actions.collect::<Vec<_>>(), ["warn_user", "suspend_user", "restore_user"]);
    relay.stop().await;
    world.end().await;
}

/// Puts an event of a mirrored type into the outbox, always of the same key.
pub(crate) async fn moderate(pool: &PgPool, action: &str) {
    let action = ModerationAction {
        action: action.to_owned(),
        target_type: TargetType::User,
        target_id: "u1".to_owned(),
        workspace_id: None,
        moderator_id: new_user(),
        reason: None,
        at: Timestamp::now(&SystemClock),
    };
    let mut transaction = pool.begin().await.unwrap();
    outbox::enqueue(&mut transaction, &action, &Cause::default(), &SystemClock).await.unwrap();
    transaction.commit().await.unwrap();
}

/// E-1, T-3: replicas share the shards; when one dies without a word, the other takes over.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_replicas_shards_are_taken_over() {
    let world = World::new(&["colink.users"]).await;
    let (first, _, first_metrics) = start(&world, world.pool.clone());
    eventually("one has all", async || metric(&first_metrics, "relay_shards", "outbox") == 16.0).await;
    let (second, _, second_metrics) = start(&world, world.another_pool().await);
    eventually("each has half", async || {
        metric(&first_metrics, "relay_shards", "outbox") == 8.0
            && metric(&second_metrics, "relay_shards", "outbox") == 8.0
    })
    .await;

    first.kill().await;
    let mut missing: Vec<i16> = (0..SHARDS).collect();
    while !missing.is_empty() {
        let user_id = new_user();
        let shard = shard_of(user_id.to_string().as_bytes());
        if missing.contains(&shard) {
            missing.retain(|one| *one != shard);
            enqueue(&world.pool, user_id, 1, true).await;
        }
    }
    until_drained(&world.pool).await;
    assert_eq!(world.read("colink.users", 16).await.len(), 16);
    second.stop().await;
    world.end().await;
}
