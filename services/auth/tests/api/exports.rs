//! Exports of one's data.

use std::io::{Cursor, Read};
use std::time::Duration;

use colink_core::clock::SystemClock;
use colink_core::id::ExportId;
use colink_events::Topic;
use colink_events::users::{ExportOpened, ExportRequested};
use colink_test::{Answer, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Session, World, clock, refuses_bad_tokens, settings};

pub(crate) async fn request(session: &Session) -> Answer {
    session.client.post("/users/me/export", &json!({})).await
}

pub(crate) async fn ready(session: &Session, id: &str) -> Answer {
    eventually("the export is ready", SOON, async || {
        let answer = session.client.get(&format!("/users/me/exports/{id}")).await.expect(200);
        (answer.text("/status") == "ready").then_some(answer)
    })
    .await
}

async fn fetch(url: &str) -> reqwest::Response {
    reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap()
}

/// The files of an archive that is ready, with their texts.
pub(crate) async fn unpacked(ready: &Answer) -> Vec<(String, String)> {
    let answer = fetch(&ready.text("/download_url")).await;
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.contains("colink-export.zip"), "{disposition}");
    let mut archive = zip::ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.push((entry.name().unwrap().into_owned(), text));
    }
    files
}

/// the audit log is told who asked for a copy of somebody's data and who got it, once for each link.
#[tokio::test]
async fn exports_are_audited() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let id = request(&session).await.expect(202).text("/export_id");
    let (_, envelope) = probe.await_event::<ExportRequested>(|event| event.export_id.to_string() == id).await;
    let actor = envelope.actor.unwrap();
    assert_eq!(actor.user_id.unwrap().to_string(), session.user_id);
    assert!(actor.ip.is_some() && envelope.request_id.is_some());
    ready(&session, &id).await;
    let (opened, envelope) =
        probe.await_event::<ExportOpened>(|event| event.export_id.to_string() == id).await;
    assert_eq!(opened.user_id.to_string(), session.user_id);
    assert!(!envelope.data.get().contains("http"), "the link is nobody else's");
}

/// the archive holds what every service keeps, page by page, and no secret; a mail tells of it.
#[tokio::test]
async fn an_archive_holds_everything_and_no_secret() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    world.peers.write(&session.user_id, 5);
    let asked = request(&session).await.expect(202);
    let id = asked.text("/export_id");
    assert_eq!((asked.text("/status"), asked.value("/download_url")), ("preparing".to_owned(), json!(null)));
    let done = ready(&session, &id).await;
    let mail = world.mailbox.await_mail(&ada.email, "Your export is ready").await;
    assert!(!mail.text.contains("X-Amz"), "{}", mail.text);
    let listed = session.client.get("/users/me/exports").await.expect(200);
    assert_eq!((listed.text("/items/0/export_id"), listed.value("/items/1")), (id.clone(), json!(null)));
    assert_eq!(
        (listed.text("/items/0/status"), listed.value("/items/0/download_url")),
        ("ready".to_owned(), json!(null))
    );

    let files = unpacked(&done).await;
    let text = |name: &str| &files.iter().find(|(file, _)| file == name).unwrap().1;
    let profile: Value = serde_json::from_str(text("profile.json")).unwrap();
    assert_eq!(profile["email"], ada.email.as_str());
    let notes: Vec<Value> =
        text("messages.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<&str> = notes.iter().map(|note| note["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["note 0", "note 1", "note 2", "note 3", "note 4"]);
    assert!(text("memberships.json").contains("Works") && text("reactions.jsonl").contains("👍"));
    assert!(text("files.jsonl").contains("plan.pdf") && text("sessions.json").contains(&session.id));
    let acts: Vec<Value> =
        text("audit.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!([&acts[0]["action"], &acts[1]["action"]], ["session.started", "pin.added"]);
    assert_eq!((acts.len(), &acts[0]["actor"]["user_id"]), (2, &json!(session.user_id)));
    let whole: String = files.iter().map(|(_, text)| text.as_str()).collect();
    for secret in ["argon2", ada.password.as_str(), session.refresh.as_str(), "token_hash"] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

/// one at a time, for its owner alone, after a fresh proof.
#[tokio::test]
async fn an_export_is_its_owners_alone() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    // Long enough for the second request to meet the first.
    world.peers.write(&ada.user_id, 200);
    let (one, two) = tokio::join!(request(&ada), request(&ada));
    let id = one.expect(202).text("/export_id");
    assert_eq!(two.expect(202).text("/export_id"), id);
    let path = format!("/users/me/exports/{id}");
    bob.client.get(&path).await.expect(404);
    bob.client.get(&format!("/users/me/exports/{}", ExportId::generate(&SystemClock))).await.expect(404);
    ada.client.get("/users/me/exports/nonsense").await.expect(400);
    refuses_bad_tokens(&world, Method::GET, &path).await;
    refuses_bad_tokens(&world, Method::POST, "/users/me/export").await;
    ready(&ada, &id).await;
    let again = request(&ada).await.expect(202);
    assert_ne!(again.text("/export_id"), id, "a new one once that is done");
    clock.advance(Duration::from_secs(11 * 60));
    assert_eq!(request(&ada).await.expect(403).error_code(), "REAUTHENTICATION_REQUIRED");
    assert_eq!(ada.client.get(&path).await.expect(403).error_code(), "REAUTHENTICATION_REQUIRED");
    ada.client.get("/users/me/exports").await.expect(200);
    ada.client.post("/auth/reauthenticate", &json!({ "password": PASSWORD })).await.expect(200);
    assert!(ada.client.get(&path).await.expect(200).text("/download_url").contains("X-Amz"));
}

/// an archive goes with its time and with its user.
#[tokio::test]
async fn an_archive_does_not_stay() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let id = request(&session).await.expect(202).text("/export_id");
    let url = ready(&session, &id).await.text("/download_url");
    assert_eq!(fetch(&url).await.status(), 200);
    session.client.post("/users/me/erase", &json!({ "username": ada.username })).await.expect(204);
    eventually("the archive of an erased user is gone", SOON, async || {
        (fetch(&url).await.status() == 404).then_some(())
    })
    .await;
    let rows: i64 =
        sqlx::query_scalar("select count(*) from exports").fetch_one(world.database()).await.unwrap();
    assert_eq!(rows, 0);
}
