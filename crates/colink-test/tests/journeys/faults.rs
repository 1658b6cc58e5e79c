//! T-3: what fails, fails; what was acknowledged is delivered, once and in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use colink_test::{SOON, Stage, eventually, unique};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::cast::{PASSWORD, Person, sign_up, sign_up_as};
use crate::company::{Company, open, plan};
use crate::listener::Listener;
use crate::stores;

const POSTERS: usize = 32;

/// Posts until told to stop. A post that fails is sent again with the same id until it is acknowledged; answers how many were.
async fn post_stubbornly(person: Person, channel: String, poster: usize, stop: Arc<AtomicBool>) -> usize {
    let path = format!("/api/channels/{channel}/messages");
    let mut acknowledged = 0;
    while !stop.load(Ordering::Relaxed) {
        let body = json!({"content": format!("poster {poster} number {acknowledged}"), "client_msg_id": format!("{poster}-{acknowledged}")});
        let mut tries = 0;
        loop {
            let request = person.api.request(reqwest::Method::POST, &path).json(&body);
            match request.try_send().await {
                Ok(answer) if matches!(answer.status.as_u16(), 200 | 201) => break,
                Ok(answer) => assert!(
                    matches!(answer.status.as_u16(), 502..=504),
                    "an honest refusal: {} {}",
                    answer.status,
                    answer.json()
                ),
                Err(_no_answer) => {}
            }
            tries += 1;
            assert!(tries < 600, "poster {poster} got no acknowledgement for a minute");
            // The wait of a client that was refused, not a wait for something to happen.
            sleep(Duration::from_millis(100)).await;
        }
        acknowledged += 1;
    }
    acknowledged
}

struct Load {
    stop: Arc<AtomicBool>,
    posters: JoinSet<usize>,
}

impl Load {
    fn start(company: &Company) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut posters = JoinSet::new();
        for poster in 0..POSTERS {
            let person = if poster % 2 == 0 { &company.alice } else { &company.bob };
            posters.spawn(post_stubbornly(
                person.clone(),
                company.channel.clone(),
                poster,
                Arc::clone(&stop),
            ));
        }
        Self { stop, posters }
    }

    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.posters.join_all().await.into_iter().sum()
    }
}

/// Everything acknowledged is in the database once, numbered without a hole; answers the head.
async fn log_is_whole(company: &Company, acknowledged: usize) -> i64 {
    let database = company.fleet.database("messaging");
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    let query = "select count(*), coalesce(max(seq), 0), count(distinct seq) from channel_events where channel_id = $1::uuid";
    let (rows, head, distinct): (i64, i64, i64) =
        sqlx::query_as(query).bind(&company.channel).fetch_one(&pool).await.unwrap();
    assert_eq!((rows, distinct), (head, head), "no hole and no double in the log");
    assert_eq!(
        head,
        i64::try_from(acknowledged).unwrap(),
        "each acknowledged post once, each repetition none"
    );
    pool.close().await;
    head
}

/// T-3, M-2, M-3, R-3: messaging dies under 32 posters, twice.
#[tokio::test(flavor = "multi_thread")]
async fn killing_messaging_loses_and_doubles_nothing() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let gateway = company.fleet.client("gateway");
    let mut bob = Listener::follow(gateway.base_url(), &company.bob.token, &company.channel).await;
    let load = Load::start(&company);
    for _ in 0..2 {
        let so_far = bob.cursor();
        bob.until(so_far + 200).await;
        company.fleet.node("messaging").kill().await;
        company.fleet.node("messaging").restart().await;
    }
    let so_far = bob.cursor();
    bob.until(so_far + 200).await;
    let acknowledged = load.stop().await;
    let head = log_is_whole(&company, acknowledged).await;
    bob.until(head).await;
}

/// T-3, E-1: the broker is away for half a minute; posts are acknowledged meanwhile and delivered afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_outage_delays_delivery_and_loses_nothing() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let gateway = company.fleet.client("gateway");
    let mut bob = Listener::follow(gateway.base_url(), &company.bob.token, &company.channel).await;
    company.alice.post(&company.channel, "before").await;
    bob.until(1).await;
    stores::kill("kafka");
    let outage = async {
        for second in 0..30 {
            company.alice.post(&company.channel, &format!("during the outage, second {second}")).await;
            // The length of the outage is what is tested.
            sleep(Duration::from_secs(1)).await;
        }
        stores::start_all().await;
    };
    // He listens all the while: who answers no ping is taken for dead.
    tokio::join!(outage, bob.until(31));
    company.alice.post(&company.channel, "after").await;
    bob.until(32).await;
}

/// T-3, R-4, R-7: a presence node dies; its clients resume on the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_a_dead_presence_node_resumes_on_the_other() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let (gateway, second) = (company.fleet.client("gateway"), company.fleet.client("presence-2"));
    let mut bob = Listener::follow(second.base_url(), &company.bob.token, &company.channel).await;
    let load = Load::start(&company);
    bob.until(100).await;
    company.fleet.node("presence-2").kill().await;
    bob.until_cut().await;
    bob.resume(gateway.base_url(), &company.bob.token).await;
    let so_far = bob.cursor();
    bob.until(so_far + 100).await;
    let acknowledged = load.stop().await;
    let head = log_is_whole(&company, acknowledged).await;
    bob.until(head).await;
}

/// T-3, G-4, A-5, R-1, R-4: Redis is gone; posting, delivery and sessions go on, a socket opens and resumes, and signing in says
/// honestly that it cannot.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_posting_and_delivery_go_on() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let gateway = company.fleet.client("gateway");
    let email = format!("dora-{}@journey.test", unique());
    sign_up_as(&mut company.fleet, &format!("dora-{}", unique()), &email).await;
    let login = json!({"email": email, "password": PASSWORD});
    let refresh_token = gateway.post("/api/auth/login", &login).await.expect(200).text("/refresh_token");
    let mut bob = Listener::follow(gateway.base_url(), &company.bob.token, &company.channel).await;
    stores::kill("redis");
    for number in 1..=25 {
        company.alice.post(&company.channel, &format!("without redis {number}")).await;
    }
    bob.until(25).await;

    let refresh = json!({"refresh_token": refresh_token});
    let session = gateway.post("/api/auth/refresh", &refresh).await.expect(200);
    gateway.bearer(&session.text("/access_token")).get("/api/auth/me").await.expect(200);

    let away = bob.cut();
    for number in 26..=49 {
        company.alice.post(&company.channel, &format!("without redis {number}")).await;
    }
    let mut bob = away.resume(gateway.base_url(), &company.bob.token).await;
    bob.until(49).await;
    company.alice.post(&company.channel, "without redis 50").await;
    bob.until(50).await;

    let login = json!({"email": "nobody@journey.test", "password": PASSWORD});
    let refused = gateway.post("/api/auth/login", &login).await.expect(503);
    assert_eq!(refused.error_code(), "SERVICE_UNAVAILABLE");
    stores::start_all().await;
    eventually("a wrong sign-in is refused as such again", SOON, async || {
        let after = gateway.post("/api/auth/login", &login).await;
        assert!(matches!(after.status.as_u16(), 401 | 503), "{after}");
        (after.status == 401).then_some(())
    })
    .await;
    sign_up(&mut company.fleet, "carol").await;
    company.alice.post(&company.channel, "with redis again").await;
    bob.until(51).await;
}
