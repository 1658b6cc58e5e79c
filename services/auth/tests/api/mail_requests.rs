//! The job behind mails that are asked for by address.

use std::time::Duration;

use auth::Auth;
use colink_runtime::Service;
use colink_test::{Mailbox, SOON, Stage, TestDatabase, TestService, eventually, unique};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::harness::{World, settings};
use crate::mfa_harness::Timed;

const FORGOT: &str = "/auth/forgot-password";
const RESEND: &str = "/auth/resend-verification";

/// The last migration with which requests wait in a table of their own.
const BEFORE: i64 = 20_261_128_203_511;

/// State, attempts and class of the last failure of the requests that are there.
async fn requests(pool: &PgPool) -> Vec<(String, i32, Option<String>)> {
    let query =
        "select state, attempts, error_class from jobs where kind = 'answer_mail_request' order by id";
    sqlx::query_as(query).fetch_all(pool).await.unwrap()
}

async fn run(pool: &PgPool, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(pool).await.unwrap();
}

/// From now on no mail can be queued.
async fn stop_mails(pool: &PgPool) {
    run(
        pool,
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
         create trigger refuse before insert on jobs for each row when (new.kind = 'send_mail') execute function refuse()",
    )
    .await;
}

/// Every row of the table, as text.
async fn all_jobs(pool: &PgPool) -> String {
    let rows: Vec<String> = sqlx::query_scalar("select jobs::text from jobs").fetch_all(pool).await.unwrap();
    rows.concat()
}

/// a mail knows the request that asked for it; the address that was named is nowhere once it is answered.
#[tokio::test]
async fn a_mail_knows_the_request_and_the_request_leaves_no_address() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let (pending, nobody) = (world.stranger("pending"), world.stranger("nobody"));
    world.register(&pending).await.expect(201);
    world.verification_mail(&pending).await;
    for (path, email) in [(FORGOT, &ada.email), (RESEND, &pending.email), (FORGOT, &nobody.email)] {
        let request = world.anonymous().request(Method::POST, path).json(&json!({ "email": email }));
        let request = request.header("x-request-id", "asking-1").header("user-agent", "Tester/1.0");
        request.header("x-forwarded-for", "203.0.113.7").send().await.expect(200);
    }
    eventually("every request is answered", SOON, async || {
        requests(world.database()).await.is_empty().then_some(())
    })
    .await;
    world.mailbox.await_mail(&ada.email, "Set a new password").await;
    let causes: Vec<Value> = sqlx::query_scalar(
        "select cause from jobs where kind = 'send_mail' and cause ->> 'request_id' = 'asking-1'",
    )
    .fetch_all(world.database())
    .await
    .unwrap();
    assert_eq!(causes.len(), 2);
    for cause in causes {
        assert_eq!(cause["actor"], json!({"ip": "203.0.113.7", "user_agent": "Tester/1.0"}));
    }
    let rows = all_jobs(world.database()).await;
    for email in [&ada.email, &pending.email, &nobody.email] {
        assert!(!rows.contains(email.as_str()), "{email}");
    }
}

/// an answer that fails is tried again; nobody is shown the address meanwhile.
#[tokio::test]
async fn an_answer_that_fails_is_tried_again() {
    let timed = Timed::start().await;
    let (world, pool) = (&timed.world, timed.world.database());
    let (_, boss) = timed.admin("boss").await;
    let ada = world.member("ada").await;
    stop_mails(pool).await;
    world.anonymous().post(FORGOT, &json!({ "email": ada.email })).await.expect(200);
    let failed = eventually("a failed attempt", SOON, async || {
        Some(requests(pool).await).filter(|rows| rows.iter().any(|row| row.2.is_some()))
    })
    .await;
    assert_eq!(failed, [("waiting".to_owned(), 1, Some("failed".to_owned()))]);
    let shown = boss.client.get("/auth/jobs?kind=answer_mail_request").await.expect(200);
    assert_eq!(shown.value("/total"), json!(1));
    assert!(shown.text("/items/0/error").contains("no room"));
    assert!(!String::from_utf8_lossy(&shown.body).contains(&ada.email));
    run(pool, "drop trigger refuse on jobs").await;
    timed.clock.advance(Duration::from_secs(5));
    world.mailbox.await_mail(&ada.email, "Set a new password").await;
    eventually("the request is gone", SOON, async || requests(pool).await.is_empty().then_some(())).await;
}

/// an answer that is given up can be tried again for a day, and then its address goes.
#[tokio::test]
async fn a_request_that_was_given_up_is_kept_for_a_day() {
    let timed = Timed::start().await;
    let (world, pool) = (&timed.world, timed.world.database());
    let (_, boss) = timed.admin("boss").await;
    let ada = world.member("ada").await;
    stop_mails(pool).await;
    for _ in 0..2 {
        world.anonymous().post(FORGOT, &json!({ "email": ada.email })).await.expect(200);
    }
    eventually("both have failed", SOON, async || {
        let rows = requests(pool).await;
        (rows.len() == 2 && rows.iter().all(|row| row.2.is_some())).then_some(())
    })
    .await;
    run(pool, "update jobs set max_attempts = 2 where kind = 'answer_mail_request'").await;
    timed.clock.advance(Duration::from_secs(5));
    eventually("both are dead", SOON, async || {
        requests(pool).await.iter().all(|row| row.0 == "dead").then_some(())
    })
    .await;
    run(pool, "drop trigger refuse on jobs").await;
    let dead = boss.client.get("/auth/jobs?kind=answer_mail_request&state=dead").await.expect(200);
    let path = format!("/auth/jobs/{}/requeue", dead.text("/items/0/id"));
    boss.client.post(&path, &json!({})).await.expect(200);
    world.mailbox.await_mail(&ada.email, "Set a new password").await;
    timed.clock.advance(Duration::from_secs(25 * 3600));
    eventually("the other one is gone", SOON, async || requests(pool).await.is_empty().then_some(())).await;
    assert!(!all_jobs(pool).await.contains(&ada.email));
}

/// Writes a request as the older version does.
async fn ask_as_before(pool: &PgPool, email: &str, purpose: &str) {
    sqlx::query("insert into mail_requests (email_normalised, purpose, requested_at) values ($1, $2, now())")
        .bind(email)
        .bind(purpose)
        .execute(pool)
        .await
        .unwrap();
}

/// Somebody with a proven address.
async fn add(pool: &PgPool, name: &str) -> String {
    let username = format!("{name}.{}", unique());
    let email = format!("{username}@example.test");
    sqlx::query(
        "insert into users (id, email, email_normalised, username, display_name, email_verified_at, realm_roles, version,
                            created_at, updated_at)
         values (gen_random_uuid(), $1, $1, $2, 'Ada', now(), '{user}', 1, now(), now())",
    )
    .bind(&email)
    .bind(username)
    .execute(pool)
    .await
    .unwrap();
    email
}

/// what waited in the table of an older version is answered by this one, and so is what a replica of that version
/// writes later.
#[tokio::test]
async fn requests_of_the_old_table_are_answered() {
    let database = TestDatabase::empty("auth").await;
    let pool = database.pool();
    let migrator = Auth::MIGRATOR.unwrap();
    migrator.run_to(BEFORE, &pool).await.unwrap();
    let (before, later) = (add(&pool, "ada").await, add(&pool, "ben").await);
    ask_as_before(&pool, &before, "reset_password").await;
    ask_as_before(&pool, "nobody@example.test", "verify_email").await;
    migrator.run(&pool).await.unwrap();
    assert_eq!(requests(&pool).await.len(), 2);

    let stage = Stage::new();
    let service: TestService<Auth> = stage.start(settings().set("postgres.url", database.url())).await;
    let mailbox = Mailbox::new();
    mailbox.await_mail(&before, "Set a new password").await;
    ask_as_before(&pool, &later, "reset_password").await;
    mailbox.await_mail(&later, "Set a new password").await;
    eventually("nothing waits", SOON, async || requests(&pool).await.is_empty().then_some(())).await;
    let left: i64 = sqlx::query_scalar("select count(*) from mail_requests").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    drop(service);
    pool.close().await;
    database.drop_later();
}
