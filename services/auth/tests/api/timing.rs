//! What the clock would tell a stranger: nothing. Two kinds of address are asked in turn, so that whatever else the machine
//! does falls on both alike, and the two samples are compared as a whole: how often is a time of the one kind longer than one of
//! the other? Half of the time, when nothing tells them apart, however the times are distributed (Mann and Whitney's U). A
//! machine that stumbles makes both samples wide and their difference small, so noise hides a difference and makes none; what
//! is left of chance has to happen twice.

use std::time::{Duration, Instant};

use colink_test::{Answer, SOON, eventually};
use serde_json::json;

use crate::harness::{Person, World, settings};

/// Between 0 (nothing tells the samples apart) and 1 (every time of the one is longer than every time of the other). For two
/// samples of [`ROUNDS`] times from one distribution the standard deviation is 0.13; twice beyond this by chance is one in ten
/// millions. Half a standard deviation of the noise is let through, a whole one is not.
const APART: f64 = 0.5;
const ROUNDS: usize = 40;

/// Hashes that take most of the time, as in production, and no limit in the way.
async fn start() -> World {
    let mut settings = settings().set("argon2.memory_kib", 16_384).set("argon2.iterations", 2);
    for limit in [
        "lockout_failures",
        "login_per_ip_per_minute",
        "login_per_address_per_hour",
        "register_per_ip_per_minute",
        "mail_per_ip_per_minute",
        "mail_per_address_per_hour",
        "reset_per_address_per_hour",
    ] {
        settings = settings.set(&format!("limits.{limit}"), 0);
    }
    World::with(settings).await
}

/// Times of two calls that are made in turn, the first of a pair changing; `rest` is awaited between them.
async fn times(
    calls: [&dyn Fn(usize) -> Calling; 2],
    status: [u16; 2],
    rest: &impl AsyncFn(),
) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            rest().await;
            let call = calls[which](round);
            let began = Instant::now();
            let answer = call.await;
            times[which].push(began.elapsed());
            answer.expect(status[which]);
        }
    }
    times
}

/// How far the samples are apart: how much more often than not a time of the one is longer than one of the other.
fn distance([one, other]: &[Vec<Duration>; 2]) -> f64 {
    let mut longer = 0_i32;
    for a in one {
        for b in other {
            longer += i32::from(a > b) - i32::from(a < b);
        }
    }
    f64::from(longer.abs()) / (one.len() * other.len()) as f64
}

/// Whether the clock tells the two calls apart, in two series out of two.
async fn told_apart(calls: [&dyn Fn(usize) -> Calling; 2], status: [u16; 2], rest: impl AsyncFn()) -> bool {
    for _ in 0..2 {
        let distance = distance(&times(calls, status, &rest).await);
        if distance < APART {
            return false;
        }
    }
    true
}

type Calling = std::pin::Pin<Box<dyn Future<Output = Answer>>>;

fn posting(world: &World, path: &'static str, body: serde_json::Value) -> Calling {
    let client = world.anonymous();
    Box::pin(async move { client.post(path, &body).await })
}

fn login_with(world: &World, email: &str, password: &str) -> Calling {
    posting(world, "/auth/login", json!({"email": email, "password": password}))
}

fn login(world: &World, email: &str) -> Calling {
    login_with(world, email, "Wr0ng!password")
}

const NOBODY: &str = "nobody@example.test";

/// Whether a wrong password tells the account with this address from one that is not there.
async fn login_tells(world: &World, email: &str, password: &str) -> bool {
    let known = |_| login_with(world, email, password);
    let unknown = |_| login_with(world, NOBODY, password);
    told_apart([&known, &unknown], [401, 401], async || {}).await
}

/// Somebody whose password another system hashed with bcrypt.
async fn imported(world: &World, name: &str, cost: u32) -> Person {
    let person = world.member(name).await;
    sqlx::query("update users set password_hash = $2 where username = $1")
        .bind(&person.username)
        .bind(bcrypt::hash(&person.password, cost).unwrap())
        .execute(world.database())
        .await
        .unwrap();
    person
}

/// a wrong password takes as long for an address that nobody has, that was never verified, and that is suspended.
#[tokio::test]
async fn a_login_takes_the_same_time_for_every_address() {
    let world = start().await;
    let (ada, suspended, pending) =
        (world.member("ada").await, world.member("sus").await, world.stranger("pen"));
    world.register(&pending).await.expect(201);
    sqlx::query("update users set suspended_at = now() where username = $1")
        .bind(&suspended.username)
        .execute(world.database())
        .await
        .unwrap();
    for known in [&ada, &suspended, &pending] {
        assert!(!login_tells(&world, &known.email, "Wr0ng!password").await, "{}", known.email);
    }
    let began = Instant::now();
    login(&world, NOBODY).await.expect(401);
    assert!(began.elapsed() > Duration::from_millis(5), "a hash takes longer than {:?}", began.elapsed());
}

/// it takes as long for an account whose hash came from another system, slower or quicker, and with a text that bcrypt is
/// tried for twice.
#[tokio::test]
async fn a_login_takes_the_same_time_for_imported_accounts() {
    let mut world = start().await;
    let (slow, quick) = (imported(&world, "slow", 9).await, imported(&world, "quick", 4).await);
    let ada = world.member("ada").await;
    world.service.restart().await;
    for (known, password) in [
        (&slow, "Wr0ng!password"),
        (&slow, "Wr0ng!passwo\u{301}rd"),
        (&quick, "Wr0ng!password"),
        (&ada, "Wr0ng!password"),
    ] {
        assert!(!login_tells(&world, &known.email, password).await, "{} {password}", known.email);
    }
    // Whoever is let in does not wait for the others.
    world.login(&ada).await;
    world.login(&slow).await;
}

/// when the last hash of another system was replaced, nobody waits any more.
#[tokio::test]
async fn nobody_waits_where_there_are_no_other_hashes() {
    let mut world = start().await;
    let slow = imported(&world, "slow", 9).await;
    for expected in [true, false] {
        world.service.restart().await;
        let text = world.anonymous().get("/metrics").await.expect(200);
        let text = String::from_utf8(text.body.to_vec()).unwrap();
        let floor = text.lines().find(|line| line.starts_with("auth_password_floor_milliseconds"));
        let floor: f64 = floor.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        assert_eq!(floor > 0.0, expected, "{floor}");
        world.login(&slow).await;
    }
}

/// The measure itself: it tells a call that hashes from one that does not, and one hash from another that nothing covers, as
/// the service measured before the account was there.
#[tokio::test]
async fn the_measure_can_fail() {
    let world = start().await;
    let hashing = |_| login(&world, NOBODY);
    let refused = |_| posting(&world, "/auth/login", json!({"email": NOBODY, "password": ""}));
    assert!(told_apart([&hashing, &refused], [401, 400], async || {}).await);
    for (name, cost) in [("slow", 10), ("quick", 4)] {
        // A service of its own for each: one that has run for a minute looks for other hashes again.
        let world = start().await;
        let person = imported(&world, name, cost).await;
        assert!(login_tells(&world, &person.email, "Wr0ng!password").await, "{name}");
    }
}

/// asking for a mail takes as long for an address that has no account.
#[tokio::test]
async fn asking_for_a_mail_takes_the_same_time() {
    let world = start().await;
    let (ada, pending) = (world.member("ada").await, world.stranger("pen"));
    world.register(&pending).await.expect(201);
    let rest = async || answered(&world).await;
    for (path, known) in [("/auth/forgot-password", &ada), ("/auth/resend-verification", &pending)] {
        let ask = |email: &str| posting(&world, path, json!({ "email": email }));
        let (known, unknown) = (|_| ask(&known.email), |_| ask(NOBODY));
        assert!(!told_apart([&known, &unknown], [200, 200], &rest).await, "{path}");
    }
}

/// Nothing that an earlier call caused is still worked on.
async fn answered(world: &World) {
    let waiting = "select (select count(*) from outbox)
                        + (select count(*) from jobs
                            where kind in ('answer_mail_request', $1) and state in ('waiting', 'running'))";
    eventually("no work is left", SOON, async || {
        (world.count(waiting, "send_mail").await == 0).then_some(())
    })
    .await;
}

/// a registration takes as long with an address that has an account.
#[tokio::test]
async fn a_registration_takes_the_same_time() {
    let world = start().await;
    let ada = world.member("ada").await;
    let register = |person: Person| posting(&world, "/auth/register", person.registration());
    let known = |_| {
        let mut person = world.stranger("twin");
        person.email.clone_from(&ada.email);
        register(person)
    };
    let unknown = |_| register(world.stranger("new"));
    let rest = async || answered(&world).await;
    assert!(!told_apart([&known, &unknown], [201, 201], rest).await);
}
