//! What a user tells of himself, and who sees it.

use std::time::Duration;

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{FileId, UserId};
use colink_events::Topic;
use colink_events::channels::AccessBypassed;
use colink_events::users::UserUpdated;
use colink_test::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Session, World, clock, refuses_bad_tokens, refuses_malformed, settings};

async fn put(session: &Session, body: Value) -> Answer {
    session.client.put("/users/me", &body).await
}

/// every field is set, kept when left out, and taken away by null or an empty text; others see the public ones.
#[tokio::test]
async fn a_profile_has_more_than_a_name() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    world.peers.bring_together(&ada.user_id, &bob.user_id);
    let all = json!({
        "bio": "Line one\nline two", "title": " Analyst ", "pronouns": "she/her", "time_zone": "Europe/London",
        "locale": "en-GB",
    });
    let put_all = put(&ada, all).await.expect(200);
    assert_eq!(
        (put_all.text("/bio"), put_all.text("/title"), put_all.text("/locale")),
        ("Line one\nline two".to_owned(), "Analyst".to_owned(), "en-GB".to_owned())
    );
    let kept =
        put(&ada, json!({ "display_name": "Ada Byron", "title": null, "pronouns": "" })).await.expect(200);
    let expected = [json!("Line one\nline two"), json!(null), json!(null), json!("Europe/London")];
    assert_eq!(
        ["bio", "title", "pronouns", "time_zone"].map(|field| kept.value(&format!("/{field}"))),
        expected
    );
    let seen = bob.client.get(&format!("/users/{}", ada.user_id)).await.expect(200);
    assert_eq!(
        (seen.text("/time_zone"), seen.text("/display_name")),
        ("Europe/London".to_owned(), "Ada Byron".to_owned())
    );
    let shown: Value = seen.data();
    for secret in ["email", "locale", "realm_roles", "created_at"] {
        assert!(shown.get(secret).is_none(), "{secret}: {shown}");
    }
    assert_eq!((&shown["bot"], &shown["deactivated"]), (&json!(false), &json!(false)));
}

/// bounds hold, and every bad field is listed.
#[tokio::test]
async fn bad_fields_are_refused_together() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let bounds = [("bio", 500), ("title", 80), ("pronouns", 40)];
    for (field, most) in bounds {
        put(&ada, json!({ field: "é".repeat(most) })).await.expect(200);
        let refused = put(&ada, json!({ field: "é".repeat(most + 1) })).await.expect(400);
        assert_eq!(refused.error_fields(), [field]);
        refuses_malformed(&ada.client, Method::PUT, "/users/me", field).await;
    }
    let bad = json!({
        "display_name": "", "bio": "\u{7}", "title": "a\nb", "pronouns": "\u{202e}x", "time_zone": "Mars/Olympus",
        "locale": "english", "avatar_file_id": "nonsense",
    });
    let fields = ["display_name", "bio", "title", "pronouns", "time_zone", "locale", "avatar_file_id"];
    assert_eq!(put(&ada, bad).await.expect(400).error_fields(), fields);
}

/// only members of a shared workspace see each other; a realm admin passes, and it is written down.
#[tokio::test]
async fn strangers_see_nobody() {
    let admin_email = format!("root.{}@example.test", colink_test::unique());
    let world = World::with(settings().set("bootstrap.admin_email", admin_email.as_str())).await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, eve) = world.signed_in("eve").await;
    let path = format!("/users/{}", ada.user_id);
    let hidden = eve.client.get(&path).await.expect(404);
    let unknown = eve.client.get(&format!("/users/{}", UserId::generate(&SystemClock))).await.expect(404);
    assert_eq!(hidden.json()["error"], unknown.json()["error"]);
    ada.client.get(&path).await.expect(200);
    world.peers.bring_together(&eve.user_id, &ada.user_id);
    eve.client.get(&path).await.expect(200);

    let mut root = world.stranger("root");
    root.email = admin_email;
    world.register(&root).await.expect(201);
    let token = world.verification_mail(&root).await.token();
    world.verify(&token).await.expect(200);
    let root = world.login(&root).await;
    let mut events = world.stage.probe(Topic::Channels).await;
    root.client.get(&path).await.expect(200);
    let bypass =
        events.await_event::<AccessBypassed>(|event| event.user_id.to_string() == root.user_id).await.0;
    assert_eq!(bypass.action, "read_user");
}

/// a picture is a file of one's own; its address changes with it, needs no token and cannot be guessed.
#[tokio::test]
async fn a_picture_has_an_address() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let file = world.peers.picture(&ada.user_id);
    let foreign = world.peers.picture(&bob.user_id);
    for other in [foreign, FileId::generate(&SystemClock).to_string()] {
        let refused = put(&ada, json!({ "avatar_file_id": other })).await.expect(400);
        assert_eq!(refused.error_fields(), ["avatar_file_id"]);
    }
    let first = put(&ada, json!({ "avatar_file_id": file })).await.expect(200).text("/avatar_url");
    let told = users.await_event::<UserUpdated>(|event| event.0.avatar_url.as_ref() == Some(&first)).await.0;
    assert_eq!(told.0.user_id.to_string(), ada.user_id);
    let same = put(&ada, json!({ "avatar_file_id": file, "title": "x" })).await.expect(200);
    assert_eq!(same.text("/avatar_url"), first);
    let path = first.strip_prefix("/api").unwrap().to_owned();
    let found = world.anonymous().get(&path).await.expect(302);
    assert_eq!(
        found.header("location"),
        Some(format!("https://storage.example.test/{file}?signature=x").as_str())
    );
    assert_eq!(found.header("cache-control"), Some("private, max-age=150"));
    let own = format!("/users/{}/avatar", ada.user_id);
    let guess = format!("{own}?v={}", "0".repeat(32));
    let long = format!("{own}?v={}", "0".repeat(65));
    let foreign = path.replace(&ada.user_id, &bob.user_id);
    for missing in [&own, &guess, &long, &foreign, &format!("{own}?v=")] {
        world.anonymous().get(missing).await.expect(404);
    }

    let other = world.peers.picture(&ada.user_id);
    let second = put(&ada, json!({ "avatar_file_id": other })).await.expect(200).text("/avatar_url");
    world.anonymous().get(&path).await.expect(404);
    let second = second.strip_prefix("/api").unwrap().to_owned();
    world.anonymous().get(&second).await.expect(302);
    world.peers.lose_picture(&other);
    world.anonymous().get(&second).await.expect(404);
    let none = put(&ada, json!({ "avatar_file_id": null })).await.expect(200);
    assert_eq!(none.value("/avatar_url"), json!(null));
    world.anonymous().get(&second).await.expect(404);
}

/// a status is shown until its end, then to nobody; a job tells those who have it.
#[tokio::test]
async fn a_status_ends_by_itself() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, ada) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let status = json!({ "text": " In a meeting ", "emoji": ":date:", "expires_in_s": 600 });
    let set = ada.client.post("/users/me/status", &status).await.expect(200);
    assert_eq!(
        (set.text("/status/text"), set.text("/status/emoji")),
        ("In a meeting".to_owned(), "📅".to_owned())
    );
    let mine = |event: &UserUpdated| event.0.user_id.to_string() == ada.user_id;
    let with_status = |event: &UserUpdated| mine(event) && event.0.status.is_some();
    let told = users.await_event::<UserUpdated>(with_status).await.0.0;
    assert_eq!(told.status.as_ref().and_then(|status| status.text.as_deref()), Some("In a meeting"));
    let end = told.status.and_then(|status| status.expires_at).unwrap();
    assert_eq!(end.as_millis() - clock.timestamp().as_millis(), 600_000);

    clock.advance(Duration::from_secs(599));
    assert_eq!(ada.client.get("/users/me").await.text("/status/text"), "In a meeting");
    clock.advance(Duration::from_secs(1));
    assert_eq!(ada.client.get("/users/me").await.value("/status"), json!(null));
    // The next turn of the job that looks for it.
    clock.advance(Duration::from_secs(10));
    let over = users.await_envelope("the end of the status", |envelope| {
        envelope.open::<UserUpdated>().is_ok_and(|event| mine(&event) && event.0.version > told.version)
    });
    let over = over.await;
    assert!(over.actor.is_none(), "time did it");
    assert_eq!(over.open::<UserUpdated>().unwrap().0.version, told.version + 1);
}

/// what is no status is refused; one takes it away, and repeating that changes nothing.
#[tokio::test]
async fn a_status_is_checked_and_taken_away() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let path = "/users/me/status";
    let later = SystemClock.timestamp().as_millis() + 60_000;
    let at = |millis| json!(colink_core::time::Timestamp::from_millis(millis));
    let refused = [
        (json!({}), vec!["text"]),
        (json!({ "text": "", "emoji": "" }), vec!["text"]),
        (json!({ "text": "x".repeat(101) }), vec!["text"]),
        (json!({ "text": "a\nb", "emoji": "👍👍" }), vec!["text", "emoji"]),
        (json!({ "emoji": "🤒", "expires_in_s": 0 }), vec!["expires_in_s"]),
        (json!({ "emoji": "🤒", "expires_in_s": 31_622_401 }), vec!["expires_in_s"]),
        (json!({ "emoji": "🤒", "expires_at": at(1_000) }), vec!["expires_at"]),
        (json!({ "emoji": "🤒", "expires_at": at(later), "expires_in_s": 5 }), vec!["expires_in_s"]),
    ];
    for (body, fields) in refused {
        let answer = ada.client.post(path, &body).await.expect(400);
        assert_eq!(answer.error_fields(), fields, "{body}");
    }
    refuses_malformed(&ada.client, Method::POST, path, "text").await;
    ada.client.post(path, &json!({ "text": "x".repeat(100), "expires_at": at(later) })).await.expect(200);
    let emoji = ada.client.post(path, &json!({ "emoji": "🤒" })).await.expect(200);
    assert_eq!((emoji.value("/status/text"), emoji.value("/status/expires_at")), (json!(null), json!(null)));
    let tag = ada.client.get("/users/me").await.header("etag").unwrap().to_owned();
    ada.client.post(path, &json!({ "emoji": "🤒" })).await.expect(200);
    assert_eq!(ada.client.get("/users/me").await.header("etag"), Some(tag.as_str()));
    ada.client.delete(path).await.expect(204);
    ada.client.delete(path).await.expect(204);
    assert_eq!(ada.client.get("/users/me").await.value("/status"), json!(null));
    for method in [Method::POST, Method::DELETE] {
        refuses_bad_tokens(&world, method, path).await;
    }
}
