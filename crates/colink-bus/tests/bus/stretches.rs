use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use colink_bus::{Consumer, HandleError, Handler, OutgoingEvent};
use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_events::users::UserUpdated;
use colink_events::{Cause, Envelope};

use crate::harness::{Running, World, eventually, new_user, user_updated};

const TOPICS: [&str; 2] = ["colink.users", "colink.users.dlq"];

/// Handles stretches as a transaction does: all of one, or nothing.
#[derive(Default)]
struct Ledger {
    handled: Mutex<HashMap<UserId, Vec<i64>>>,
    longest: AtomicUsize,
    singles: AtomicUsize,
    failing: Mutex<Option<UserId>>,
}

impl Ledger {
    fn of(&self, user_id: UserId) -> Vec<i64> {
        self.handled.lock().unwrap().get(&user_id).cloned().unwrap_or_default()
    }

    fn take(&self, stretch: &[(UserUpdated, &Envelope)]) -> Result<(), HandleError> {
        let failing = *self.failing.lock().unwrap();
        if stretch.iter().any(|(event, _)| Some(event.0.user_id) == failing && event.0.version >= 2) {
            return Err(HandleError::retry("no such thing"));
        }
        let mut handled = self.handled.lock().unwrap();
        for (event, _) in stretch {
            handled.entry(event.0.user_id).or_default().push(event.0.version);
        }
        Ok(())
    }
}

#[async_trait]
impl Handler<UserUpdated> for Ledger {
    async fn handle(&self, event: UserUpdated, envelope: &Envelope) -> Result<(), HandleError> {
        self.singles.fetch_add(1, Ordering::SeqCst);
        self.take(&[(event, envelope)])
    }

    async fn handle_all(&self, stretch: Vec<(UserUpdated, &Envelope)>) -> Result<(), HandleError> {
        self.longest.fetch_max(stretch.len(), Ordering::SeqCst);
        self.take(&stretch)
    }
}

async fn publish(world: &World, users: &[UserId], versions: std::ops::RangeInclusive<i64>) {
    let (producer, _) = world.producer();
    for version in versions {
        for user_id in users {
            let event = user_updated(*user_id, version);
            let sealed = OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap();
            producer.send(&sealed).await.unwrap();
        }
    }
}

fn start(world: &World, ledger: &Arc<Ledger>) -> Running {
    let (producer, metrics) = world.producer();
    let consumer = Consumer::group("ledger", &world.kafka, &producer, &metrics)
        .unwrap()
        .unhurried(Duration::from_millis(250))
        .on_batch::<UserUpdated>(Arc::clone(ledger));
    Running::start(|cancel| consumer.run(cancel))
}

/// E-3: a backlog is handed over in stretches, in order per key, and not again after a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_handled_in_stretches() {
    let world = World::new(&TOPICS).await;
    let users: Vec<UserId> = (0..5).map(|_| new_user()).collect();
    publish(&world, &users, 1..=60).await;

    let ledger = Arc::new(Ledger::default());
    let running = start(&world, &ledger);
    let expected: Vec<i64> = (1..=60).collect();
    eventually("all are handled", async || users.iter().all(|user| ledger.of(*user) == expected)).await;
    running.stop().await;
    assert!(ledger.longest.load(Ordering::SeqCst) > 10, "a backlog makes long stretches");

    publish(&world, &users[..1], 61..=61).await;
    let later = Arc::new(Ledger::default());
    let running = start(&world, &later);
    eventually("the new one is handled", async || later.of(users[0]) == [61]).await;
    running.stop().await;
    assert!(users[1..].iter().all(|user| later.of(*user).is_empty()), "nothing is handled again");
    world.end().await;
}

/// E-4: one event that fails takes its stretch apart, and only its own key is parked.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_a_stretch_parks_its_key_alone() {
    let world = World::new(&TOPICS).await;
    let (bad, good) = (new_user(), new_user());
    publish(&world, &[bad, good], 1..=20).await;
    let ledger = Arc::new(Ledger::default());
    *ledger.failing.lock().unwrap() = Some(bad);

    let running = start(&world, &ledger);
    world.read("colink.users.dlq", 19).await;
    let expected: Vec<i64> = (1..=20).collect();
    eventually("the other key went on", async || ledger.of(good) == expected).await;
    assert_eq!(ledger.of(bad), [1]);
    assert!(ledger.singles.load(Ordering::SeqCst) >= 5, "it was tried five times by itself");
    running.stop().await;
    world.end().await;
}
