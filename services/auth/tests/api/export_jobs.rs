//! Exports whose making is disturbed.

use std::time::Duration;

use colink_test::{Environment, SOON, Settings, eventually};
use reqwest::Method;
use serde_json::Value;

use crate::exports::{ready, request};
use crate::harness::{Session, World, clock, settings};
use crate::smtp::Line;

/// Longer than the longest run of the job with its lease, and shorter than the life of an access token.
pub(crate) const PAST_LEASE: Duration = Duration::from_secs(11 * 60);

/// State, attempts and class of the last failure.
pub(crate) type Row = (String, i32, Option<String>);

/// The job of the only export.
pub(crate) async fn job(world: &World) -> Row {
    sqlx::query_as("select state, attempts, error_class from jobs where kind = 'make_export'")
        .fetch_one(world.database())
        .await
        .unwrap()
}

pub(crate) async fn await_job(world: &World, what: &str, fits: impl Fn(&Row) -> bool) -> Row {
    eventually(what, SOON, async || Some(job(world).await).filter(|row| fits(row))).await
}

/// The job once it waits for a list that is held: a busy storage may have failed it before.
async fn being_made(world: &World) -> Row {
    eventually("it is being made", SOON, async || world.peers.is_kept_waiting().then_some(())).await;
    job(world).await
}

/// Settings of a service that reaches its storage over a line, which is up.
pub(crate) async fn over_a_line() -> (Settings, Line) {
    let line = Line::to(Environment::get().value("COLINK_S3_ENDPOINT").trim_start_matches("http://")).await;
    line.mend();
    (settings().set("s3.endpoint", format!("http://{}", line.address())), line)
}

/// The same session at the new port.
pub(crate) fn again(world: &World, session: &Session) -> Session {
    Session {
        client: world.anonymous().bearer(&session.access),
        id: session.id.clone(),
        user_id: session.user_id.clone(),
        access: session.access.clone(),
        refresh: session.refresh.clone(),
    }
}

/// while the storage is away an export waits and is tried again; the mail that tells of it knows the request.
#[tokio::test]
async fn an_export_outlasts_an_outage_of_the_storage() {
    let ((settings, line), clock) = (over_a_line().await, clock());
    let world = World::with(settings.clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    line.cut();
    let asking = session.client.request(Method::POST, "/users/me/export").header("x-request-id", "export-1");
    let id = asking.send().await.expect(202).text("/export_id");
    let failed = |row: &Row| row.0 == "waiting" && row.1 == 1 && row.2.is_some();
    await_job(&world, "a failed attempt", failed).await;
    let shown = session.client.get(&format!("/users/me/exports/{id}")).await.expect(200);
    assert_eq!(shown.text("/status"), "preparing");
    assert_eq!(request(&session).await.expect(202).text("/export_id"), id);
    assert_eq!(job(&world).await.1, 1, "one job");

    line.mend();
    clock.advance(Duration::from_secs(5));
    ready(&session, &id).await;
    await_job(&world, "the end of the job", |row| row.0 == "done" && row.1 == 2).await;
    world.mailbox.await_mail(&ada.email, "Your export is ready").await;
    let cause: Value = sqlx::query_scalar(
        "select cause from jobs where kind = 'send_mail' and payload ->> 'template' = 'export_ready'",
    )
    .fetch_one(world.database())
    .await
    .unwrap();
    assert_eq!(cause["request_id"], "export-1");
    assert_eq!(cause["actor"]["user_id"], session.user_id.as_str());
}

/// without the audit log there is no archive: the export waits for it and is tried again.
#[tokio::test]
async fn an_export_outlasts_an_outage_of_the_audit_log() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    world.peers.close_audit_log(true);
    let id = request(&session).await.expect(202).text("/export_id");
    await_job(&world, "a failed attempt", |row| row.0 == "waiting" && row.1 == 1 && row.2.is_some()).await;
    world.peers.close_audit_log(false);
    clock.advance(Duration::from_secs(5));
    ready(&session, &id).await;
}

/// A-12, G-9: an export in the making is given back when the process stops, without losing an attempt, and the next process
/// makes it.
#[tokio::test]
async fn an_export_that_is_cut_off_is_made_again() {
    let mut world = World::with(settings().set("internal.timeout_ms", 60_000)).await;
    let (_, session) = world.signed_in("ada").await;
    world.peers.hold(true);
    let id = request(&session).await.expect(202).text("/export_id");
    let (_, attempt, failure) = being_made(&world).await;
    world.service.stop().await;
    assert_eq!(job(&world).await, ("waiting".to_owned(), attempt - 1, failure));
    world.peers.hold(false);
    world.service.restart().await;
    ready(&again(&world, &session), &id).await;
    await_job(&world, "the end of the job", |row| row.0 == "done" && row.1 >= attempt).await;
}

/// an export whose process died is made by another one when the lease is over.
#[tokio::test]
async fn an_export_survives_a_crash() {
    let clock = clock();
    let settings = settings().clock(clock.clone()).set("internal.timeout_ms", 60_000);
    let mut world = World::with(settings).await;
    let (ada, session) = world.signed_in("ada").await;
    world.peers.hold(true);
    let id = request(&session).await.expect(202).text("/export_id");
    let (_, attempt, _) = being_made(&world).await;
    world.service.kill().await;
    assert_eq!(job(&world).await.0, "running");
    world.peers.hold(false);
    clock.advance(PAST_LEASE);
    world.service.restart().await;
    ready(&world.login(&ada).await, &id).await;
    await_job(&world, "the end of the job", |row| row.0 == "done" && row.1 > attempt).await;
}
