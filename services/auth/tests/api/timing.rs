//! What the clock would tell a stranger: nothing. Both kinds of address are asked in turn, so that whatever else the
//! machine does falls on both alike, and the medians are compared.

use std::time::{Duration, Instant};

use colink_test::{Answer, SOON, eventually};
use serde_json::json;

use crate::harness::{Person, World, settings};

/// Medians that differ by more tell the two apart.
const TOLERANCE: f64 = 1.5;
const ROUNDS: usize = 24;

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

/// Median times of two calls that are made in turn, the first of a pair changing; `rest` is awaited between them.
async fn medians(
    calls: [&dyn Fn(usize) -> Calling; 2],
    status: [u16; 2],
    rest: impl AsyncFn(),
) -> [Duration; 2] {
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
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

type Calling = std::pin::Pin<Box<dyn Future<Output = Answer>>>;

fn posting(world: &World, path: &'static str, body: serde_json::Value) -> Calling {
    let client = world.anonymous();
    Box::pin(async move { client.post(path, &body).await })
}

fn ratio([one, other]: [Duration; 2]) -> f64 {
    let (one, other) = (one.as_secs_f64(), other.as_secs_f64());
    (one / other).max(other / one)
}

fn login(world: &World, email: &str) -> Calling {
    posting(world, "/auth/login", json!({"email": email, "password": "Wr0ng!password"}))
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
    for other in ["nobody@example.test", &suspended.email, &pending.email] {
        let times =
            medians([&|_| login(&world, &ada.email), &|_| login(&world, other)], [401, 401], async || {})
                .await;
        assert!(ratio(times) < TOLERANCE, "{other}: {times:?}");
        assert!(times[1] > Duration::from_millis(5), "a hash takes longer than {times:?}");
    }
}

/// The measure itself: it tells a call that hashes from one that does not.
#[tokio::test]
async fn the_measure_can_fail() {
    let world = start().await;
    let hashing = |_| login(&world, "nobody@example.test");
    let refused = |_| posting(&world, "/auth/login", json!({"email": "nobody@example.test", "password": ""}));
    let times = medians([&hashing, &refused], [401, 400], async || {}).await;
    assert!(ratio(times) > TOLERANCE, "{times:?}");
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
        let times =
            medians([&|_| ask(&known.email), &|_| ask("nobody@example.test")], [200, 200], rest).await;
        assert!(ratio(times) < TOLERANCE, "{path}: {times:?}");
    }
}

/// Nothing that an earlier call caused is still worked on.
async fn answered(world: &World) {
    let waiting = "select (select count(*) from mail_requests) + (select count(*) from outbox)
                        + (select count(*) from jobs where kind = $1 and state in ('waiting', 'running'))";
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
    let times = medians([&known, &unknown], [201, 201], async || answered(&world).await).await;
    assert!(ratio(times) < TOLERANCE, "{times:?}");
}
