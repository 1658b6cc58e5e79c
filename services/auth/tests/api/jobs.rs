//! The table of background jobs, and second chances for dead ones.

use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::JobId;
use colink_events::Topic;
use colink_events::users::JobRequeued;
use colink_test::{SOON, eventually};
use reqwest::Method;
use serde_json::json;

use crate::export_jobs::{await_job, over_a_line};
use crate::exports::request;
use crate::harness::refuses_bad_tokens;
use crate::mfa_harness::Timed;

const JOBS: &str = "/auth/jobs";

/// an export that is given up has failed and its job is dead; an administrator sees why, queues it again, and it
/// is made after all. The audit log hears of it.
#[tokio::test]
async fn a_dead_job_gets_a_second_chance() {
    let (settings, line) = over_a_line().await;
    let timed = Timed::with(settings).await;
    let (world, clock) = (&timed.world, &timed.clock);
    let (_, boss) = timed.admin("boss").await;
    let (_, ada) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    line.cut();
    let export_id = request(&ada).await.expect(202).text("/export_id");
    await_job(world, "a failed attempt", |row| row.0 == "waiting" && row.1 == 1).await;
    sqlx::query("update jobs set max_attempts = 2 where kind = 'make_export'")
        .execute(world.database())
        .await
        .unwrap();
    clock.advance(Duration::from_secs(5));
    await_job(world, "the last attempt", |row| row.0 == "dead").await;
    clock.advance(Duration::from_secs(61));
    eventually("the export has failed", SOON, async || {
        let shown = ada.client.get(&format!("/users/me/exports/{export_id}")).await;
        (shown.text("/status") == "failed").then_some(())
    })
    .await;

    let dead = boss.client.get("/auth/jobs?kind=make_export&state=dead").await.expect(200);
    assert_eq!((dead.value("/total"), dead.value("/items/0/attempts")), (json!(1), json!(2)));
    assert!(!dead.text("/items/0/error").is_empty() && dead.value("/items/0/payload").is_null());
    assert!(!String::from_utf8_lossy(&dead.body).contains(&export_id));
    let path = format!("{JOBS}/{}/requeue", dead.text("/items/0/id"));
    ada.client.post(&path, &json!({})).await.expect(403);
    line.mend();
    let queued = boss.client.post(&path, &json!({})).await.expect(200);
    assert_eq!((queued.text("/state"), queued.value("/attempts")), ("waiting".to_owned(), json!(0)));
    // The clock goes on, as it does outside: an attempt that fails for a reason of its own is repeated.
    eventually("the export is ready", SOON, async || {
        clock.advance(Duration::from_millis(100));
        let shown = ada.client.get(&format!("/users/me/exports/{export_id}")).await;
        (shown.text("/status") == "ready").then_some(())
    })
    .await;
    await_job(world, "the end of the job", |row| row.0 == "done").await;
    assert_eq!(boss.client.post(&path, &json!({})).await.expect(409).error_code(), "CONFLICT");
    let job = queued.text("/id");
    let (event, envelope) = users.await_event::<JobRequeued>(|event| event.job_id.to_string() == job).await;
    assert_eq!((event.service.as_str(), event.kind.as_str()), ("auth", "make_export"));
    assert_eq!(envelope.actor.and_then(|actor| actor.user_id).map(|id| id.to_string()), Some(boss.user_id));
}

/// jobs are listed page by page, by kind and state; bad filters are named.
#[tokio::test]
async fn jobs_are_listed_in_pages() {
    let timed = Timed::start().await;
    let (_, boss) = timed.admin("boss").await;
    let done = "/auth/jobs?kind=send_mail&state=done";
    let mails = eventually("the mail was sent", SOON, async || {
        let page = boss.client.get(done).await.expect(200);
        (page.value("/total") == json!(1)).then_some(page)
    });
    let mail = mails.await;
    assert_eq!(mail.value("/items/0/error"), json!(null));
    let all = boss.client.get("/auth/jobs?page_size=1&page=2").await.expect(200);
    let (total, pages) = (all.value("/total").as_u64().unwrap(), all.value("/pages").as_u64().unwrap());
    assert!(total >= 2 && pages == total && all.value("/items").as_array().unwrap().len() == 1);
    assert_eq!(boss.client.get("/auth/jobs?kind=nobody").await.expect(200).value("/total"), json!(0));
    for (query, fields) in [
        ("state=gone&kind=Send-Mail&page=0&page_size=101", vec!["kind", "state", "page", "page_size"]),
        ("state=DEAD", vec!["state"]),
    ] {
        let refused = boss.client.get(&format!("{JOBS}?{query}")).await.expect(400);
        assert_eq!(
            (refused.error_code().as_str(), refused.error_fields()),
            ("VALIDATION_ERROR", fields.iter().map(|f| (*f).to_owned()).collect()),
            "{query}"
        );
    }
    for query in ["nobody=1", "page=x", "kind=a%00b"] {
        let refused = boss.client.get(&format!("{JOBS}?{query}")).await.expect(400);
        assert_eq!(refused.error_code(), "INVALID_REQUEST", "{query}");
    }
}

/// what recurs is one row of the table each, so that one replica runs it.
#[tokio::test]
async fn recurring_work_is_one_row_a_kind() {
    let timed = Timed::start().await;
    let (_, boss) = timed.admin("boss").await;
    for kind in ["clean_up", "end_api_keys", "expire_statuses", "remove_archives", "rotate_keys"] {
        let page = boss.client.get(&format!("{JOBS}?kind={kind}")).await.expect(200);
        assert_eq!(
            (page.value("/total"), page.value("/items/0/recurring")),
            (json!(1), json!(true)),
            "{kind}"
        );
    }
}

/// nobody but administrators of the installation looks at jobs or queues them.
#[tokio::test]
async fn jobs_are_for_administrators() {
    let timed = Timed::start().await;
    let (_, boss) = timed.admin("boss").await;
    let (_, ada) = timed.world.signed_in("ada").await;
    let unknown = format!("{JOBS}/{}/requeue", JobId::generate(&SystemClock));
    ada.client.get(JOBS).await.expect(403);
    ada.client.post(&unknown, &json!({})).await.expect(403);
    refuses_bad_tokens(&timed.world, Method::GET, JOBS).await;
    refuses_bad_tokens(&timed.world, Method::POST, &unknown).await;
    boss.client.post(&unknown, &json!({})).await.expect(404);
    boss.client.post("/auth/jobs/nonsense/requeue", &json!({})).await.expect(400);
    let job = boss.client.get("/auth/jobs?kind=clean_up").await.expect(200).text("/items/0/id");
    boss.client.post(&format!("{JOBS}/{job}/requeue"), &json!({})).await.expect(409);
}
