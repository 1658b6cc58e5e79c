use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use colink_bus::consumer::{self, Record};
use colink_bus::{Consumer, EventHead, HandleError, Handler, OutgoingEvent, Producer, RawHandler, inbox};
use colink_core::clock::{Clock as _, SystemClock};
use colink_core::id::UserId;
use colink_core::time::Timestamp;
use colink_events::users::{UserUpdated, UserVerified};
use colink_events::{Cause, Envelope, Topic};
use sqlx::PgPool;

use crate::harness::{Running, World, eventually, new_user, user_updated};

const TOPICS: [&str; 2] = ["colink.users", "colink.users.dlq"];

/// Notes what it handled, and fails as it is told.
#[derive(Default)]
struct Notes {
    handled: Mutex<HashMap<UserId, Vec<i64>>>,
    tries: AtomicUsize,
    failing: Mutex<Option<UserId>>,
    away: AtomicBool,
}

impl Notes {
    fn of(&self, user_id: UserId) -> Vec<i64> {
        self.handled.lock().unwrap().get(&user_id).cloned().unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.handled.lock().unwrap().values().map(Vec::len).sum()
    }
}

#[async_trait]
impl Handler<UserUpdated> for Notes {
    async fn handle(&self, event: UserUpdated, _: &Envelope) -> Result<(), HandleError> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(HandleError::unavailable("the store is away"));
        }
        if *self.failing.lock().unwrap() == Some(event.0.user_id) && event.0.version >= 2 {
            return Err(HandleError::retry("no such thing"));
        }
        self.handled.lock().unwrap().entry(event.0.user_id).or_default().push(event.0.version);
        Ok(())
    }
}

async fn send(producer: &Producer, user_id: UserId, version: i64) {
    let event = user_updated(user_id, version);
    producer.send(&OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap()).await.unwrap();
}

fn start(world: &World, notes: &Arc<Notes>) -> Running {
    start_with(world, notes, false)
}

fn start_with(world: &World, notes: &Arc<Notes>, redrive: bool) -> Running {
    let (producer, metrics) = world.producer();
    let consumer = Consumer::group("notes", &world.kafka, &producer, &metrics)
        .unwrap()
        .on::<UserUpdated>(Arc::clone(notes))
        .redrive(redrive);
    Running::start(|cancel| consumer.run(cancel))
}

/// E-3: in order per key, unknown types passed over; a restart goes on behind what was handled.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_handled_in_order_and_not_again_after_a_restart() {
    let world = World::new(&TOPICS).await;
    let (producer, _) = world.producer();
    let users: Vec<UserId> = (0..6).map(|_| new_user()).collect();
    for version in 1..=30 {
        for user_id in &users {
            send(&producer, *user_id, version).await;
        }
    }
    let unknown = UserVerified { user_id: users[0], at: Timestamp::now(&SystemClock) };
    producer.send(&OutgoingEvent::seal(&unknown, &Cause::default(), &SystemClock).unwrap()).await.unwrap();

    let notes = Arc::new(Notes::default());
    let running = start(&world, &notes);
    eventually("all are handled", async || notes.count() == 180).await;
    running.stop().await;
    let expected: Vec<i64> = (1..=30).collect();
    assert!(users.iter().all(|user_id| notes.of(*user_id) == expected));

    send(&producer, users[0], 31).await;
    let later = Arc::new(Notes::default());
    let running = start(&world, &later);
    eventually("the new one is handled", async || later.count() > 0).await;
    running.stop().await;
    assert_eq!(later.of(users[0]), [31]);
    assert_eq!(later.count(), 1);
    world.end().await;
}

/// E-4: after 5 tries the key is parked with everything that follows it, in order; other keys go on; a restart remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_key_is_parked_and_stays_parked_after_a_restart() {
    let world = World::new(&TOPICS).await;
    let (producer, _) = world.producer();
    let notes = Arc::new(Notes::default());
    let (bad, good) = (new_user(), new_user());
    *notes.failing.lock().unwrap() = Some(bad);
    for version in 1..=4 {
        send(&producer, bad, version).await;
        send(&producer, good, version).await;
    }
    let running = start(&world, &notes);
    let letters = world.read("colink.users.dlq", 3).await;
    eventually("the other key went on", async || notes.of(good).len() == 4).await;
    assert_eq!(notes.of(bad), [1]);
    assert_eq!(notes.tries.load(Ordering::SeqCst), 1 + 4 + 5, "one event was tried five times");
    let version =
        |payload: &Bytes| Envelope::from_slice(payload).unwrap().open::<UserUpdated>().unwrap().0.version;
    assert_eq!(letters.iter().map(|one| version(&one.payload)).collect::<Vec<_>>(), [2, 3, 4]);
    let headers = &letters[0].headers;
    assert_eq!(headers[consumer::HEADER_CONSUMER], "notes");
    assert_eq!(headers[consumer::HEADER_TRIES], "5");
    assert_eq!(headers[consumer::HEADER_ERROR], "no such thing");
    assert_eq!(headers[consumer::HEADER_ORIGINAL_TOPIC], "colink.users");
    assert_eq!(headers[consumer::HEADER_ORIGINAL_PARTITION], letters[0].partition.to_string());
    assert_eq!(headers["ce_type"], "user.updated");
    running.stop().await;

    // The cause is gone, yet the key stays where it is: its earlier events have not been handled.
    let later = Arc::new(Notes::default());
    let running = start(&world, &later);
    send(&producer, bad, 5).await;
    send(&producer, good, 5).await;
    let letters = world.read("colink.users.dlq", 4).await;
    assert_eq!(version(&letters[3].payload), 5);
    assert_eq!(letters[3].headers[consumer::HEADER_TRIES], "0");
    eventually("the other key went on", async || later.of(good) == [5]).await;
    assert_eq!(later.of(bad), Vec::<i64>::new());
    running.stop().await;

    // A redrive handles them in order, before what came meanwhile, and the key is free from then on.
    send(&producer, bad, 6).await;
    let redriven = Arc::new(Notes::default());
    let running = start_with(&world, &redriven, true);
    eventually("the key is redriven", async || redriven.of(bad) == [2, 3, 4, 5, 6]).await;
    running.stop().await;
    let last = Arc::new(Notes::default());
    let running = start(&world, &last);
    send(&producer, bad, 7).await;
    eventually("the key is free", async || last.of(bad) == [7]).await;
    running.stop().await;
    world.end().await;
}

/// E-4: while a store is away nothing is parked; when it is back everything is handled in order.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_out() {
    let world = World::new(&TOPICS).await;
    let (producer, _) = world.producer();
    let notes = Arc::new(Notes::default());
    notes.away.store(true, Ordering::SeqCst);
    let user_id = new_user();
    let running = start(&world, &notes);
    for version in 1..=5 {
        send(&producer, user_id, version).await;
    }
    eventually("it is tried more often than would park", async || notes.tries.load(Ordering::SeqCst) > 7)
        .await;
    notes.away.store(false, Ordering::SeqCst);
    eventually("all are handled", async || notes.of(user_id) == [1, 2, 3, 4, 5]).await;
    running.stop().await;
    world.end().await;
}

/// E-4: bytes that are no envelope go to the dead letters alone; their key goes on.
#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_dead_letters_without_its_key() {
    let world = World::new(&TOPICS).await;
    let (producer, _) = world.producer();
    let notes = Arc::new(Notes::default());
    let user_id = new_user();
    send(&producer, user_id, 1).await;
    let event = user_updated(user_id, 2);
    let mut poison = OutgoingEvent::seal(&event, &Cause::default(), &SystemClock).unwrap();
    poison.payload = Bytes::from_static(b"\xff not an envelope");
    producer.send(&poison).await.unwrap();
    send(&producer, user_id, 3).await;

    let running = start(&world, &notes);
    eventually("the key goes on", async || notes.of(user_id) == [1, 3]).await;
    let letters = world.read("colink.users.dlq", 1).await;
    assert_eq!(letters[0].payload, poison.payload);
    assert_eq!(letters[0].headers[consumer::HEADER_PARKED], "event");
    running.stop().await;
    world.end().await;
}

/// E-3: members of a group share the partitions; one that leaves is replaced by the others, and nothing is left out.
#[tokio::test(flavor = "multi_thread")]
async fn members_share_the_work_and_replace_each_other() {
    let world = World::new(&TOPICS).await;
    let (producer, _) = world.producer();
    let notes = Arc::new(Notes::default());
    let first = start(&world, &notes);
    let second = start(&world, &notes);
    let users: Vec<UserId> = (0..24).map(|_| new_user()).collect();
    for user_id in &users {
        send(&producer, *user_id, 1).await;
    }
    eventually("all are handled", async || notes.count() >= 24).await;
    first.stop().await;
    for user_id in &users {
        send(&producer, *user_id, 2).await;
    }
    let complete = |versions: Vec<i64>| versions.contains(&1) && versions.contains(&2);
    eventually("the rest is handled", async || users.iter().all(|user| complete(notes.of(*user)))).await;
    second.stop().await;
    world.end().await;
}

/// Counts in the database, once per event.
struct Counter {
    pool: PgPool,
    crashes: AtomicUsize,
}

#[async_trait]
impl RawHandler for Counter {
    async fn handle(&self, record: &Record, envelope: &Envelope) -> Result<(), HandleError> {
        let mut transaction = self.pool.begin().await?;
        if inbox::first_time(&mut transaction, "counter", envelope.id, SystemClock.now()).await? {
            sqlx::query("insert into counted (topic) values ($1)")
                .bind(record.topic.name())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        // The effect is there, and the consumer does not know it.
        if self.crashes.fetch_add(1, Ordering::SeqCst) < 3 {
            return Err(HandleError::retry("crashed after the commit"));
        }
        Ok(())
    }
}

/// E-3: the inbox makes the effect happen once, however often the event comes. `on_any` gets every type.
#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_makes_an_effect_happen_once() {
    let world = World::new(&TOPICS).await;
    sqlx::raw_sql("create table counted (topic text not null)").execute(&world.pool).await.unwrap();
    let (producer, metrics) = world.producer();
    for version in 1..=5 {
        send(&producer, new_user(), version).await;
    }
    let verified = UserVerified { user_id: new_user(), at: Timestamp::now(&SystemClock) };
    let verified = OutgoingEvent::seal(&verified, &Cause::default(), &SystemClock).unwrap();
    producer.send(&verified).await.unwrap();
    producer.send(&verified).await.unwrap();

    let counter = Arc::new(Counter { pool: world.pool.clone(), crashes: AtomicUsize::new(0) });
    let consumer = Consumer::group("counter", &world.kafka, &producer, &metrics)
        .unwrap()
        .topic(Topic::Users)
        .on_any(Arc::clone(&counter));
    let running = Running::start(|cancel| consumer.run(cancel));
    eventually("all came", async || counter.crashes.load(Ordering::SeqCst) == 7 + 3).await;
    let counted: i64 =
        sqlx::query_scalar("select count(*) from counted").fetch_one(&world.pool).await.unwrap();
    assert_eq!(counted, 6);
    let pruned = inbox::prune(&world.pool, SystemClock.now(), Duration::ZERO).await.unwrap();
    assert_eq!(pruned, 6);
    running.stop().await;
    world.end().await;
}

/// O-2: the head of a stored envelope is what was sealed.
#[test]
fn the_head_is_read_from_a_stored_envelope() {
    let cause = Cause { traceparent: Some(format!("00-{:032x}-{:016x}-01", 1, 2)), ..Cause::default() };
    let sealed = OutgoingEvent::seal(&user_updated(new_user(), 1), &cause, &SystemClock).unwrap();
    assert_eq!(EventHead::parse(&sealed.payload).unwrap(), sealed.head);
    assert_eq!(sealed.head.traceparent, cause.traceparent);
}
