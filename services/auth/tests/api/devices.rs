//! the list of devices.

use std::time::Duration;

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::SessionId;
use colink_core::time::Timestamp;
use colink_test::{SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, World, clock, refuses_bad_tokens, refuses_malformed, settings};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

async fn list(client: &colink_test::Client) -> Vec<Value> {
    let answer = client.get("/auth/sessions").await.expect(200);
    answer.value("/items").as_array().unwrap().clone()
}

/// a device is called what its owner says, and else what its program says.
#[tokio::test]
async fn a_device_has_a_name() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let firefox = world.anonymous().with_header("user-agent", FIREFOX);
    let body = json!({"email": ada.email, "password": PASSWORD});
    let other = world.session(&firefox.post("/auth/login", &body).await.expect(200));
    let items = list(&session.client).await;
    assert_eq!(
        (&items[0]["device_name"], &items[0]["user_agent"]),
        (&json!("Firefox on Linux"), &json!(FIREFOX))
    );
    assert_eq!((&items[0]["method"], &items[0]["amr"]), (&json!("password"), &json!(["pwd"])));

    let path = format!("/auth/sessions/{}", other.id);
    let renamed =
        session.client.patch(&path, &json!({"device_name": "  Kitchen \u{1f373} "})).await.expect(200);
    assert_eq!(
        (renamed.text("/id"), renamed.text("/device_name")),
        (other.id.clone(), "Kitchen \u{1f373}".to_owned())
    );
    assert_eq!(renamed.value("/current"), json!(false));
    assert_eq!(list(&other.client).await[0]["device_name"], "Kitchen \u{1f373}");
    // The name stays when the program is updated.
    let newer = FIREFOX.replace("143", "150");
    let updated = world.anonymous().with_header("user-agent", &newer);
    let updated = updated.post("/auth/refresh", &json!({"refresh_token": other.refresh})).await.expect(200);
    let items = list(&world.session(&updated).client).await;
    assert_eq!(
        (&items[0]["device_name"], &items[0]["user_agent"]),
        (&json!("Kitchen \u{1f373}"), &json!(newer))
    );
}

/// only the owner's open sessions can be named, and not with anything.
#[tokio::test]
async fn naming_is_for_the_owner() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let ended = world.login(&ada).await;
    ended.client.post("/auth/logout", &json!({})).await.expect(204);
    let name = json!({"device_name": "Mine"});
    let unknown = SessionId::generate(&SystemClock).to_string();
    for (client, id) in
        [(&bob.client, &session.id), (&session.client, &ended.id), (&session.client, &unknown)]
    {
        let answer = client.patch(&format!("/auth/sessions/{id}"), &name).await.expect(404);
        assert_eq!(answer.error_code(), "NOT_FOUND");
    }
    let path = format!("/auth/sessions/{}", session.id);
    for bad in ["", " ", "a\u{202e}b", "a\nb", &"x".repeat(81)] {
        let answer = session.client.patch(&path, &json!({"device_name": bad})).await.expect(400);
        assert_eq!(answer.error_fields(), ["device_name"], "{bad:?}");
    }
    assert_eq!(session.client.patch(&path, &json!({})).await.expect(400).error_fields(), ["device_name"]);
    refuses_malformed(&session.client, Method::PATCH, &path, "device_name").await;
    refuses_bad_tokens(&world, Method::PATCH, &path).await;
    session.client.patch("/auth/sessions/nonsense", &name).await.expect(400);
    assert_ne!(list(&session.client).await[0]["device_name"], "Mine");
}

/// the last use is told to a minute, without a write for each request.
#[tokio::test]
async fn the_last_use_is_noted() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, session) = world.signed_in("ada").await;
    let idle = world.login(&ada).await;
    let began = Timestamp::from(clock.now()).to_string();
    clock.advance(Duration::from_secs(600));
    let used = Timestamp::from(clock.now()).to_string();
    session.client.get("/auth/me").await.expect(200);
    let seen = |items: &[Value], id: &str| {
        let item = items.iter().find(|item| item["id"] == id).unwrap();
        (item["created_at"].as_str().unwrap().to_owned(), item["last_seen_at"].as_str().unwrap().to_owned())
    };
    let items = list(&session.client).await;
    assert_eq!(seen(&items, &session.id), (began.clone(), used.clone()));
    assert_eq!(seen(&items, &idle.id), (began.clone(), began.clone()), "only logged in");
    let rows: i64 = sqlx::query_scalar("select count(*) from sessions where last_seen_at > created_at")
        .fetch_one(world.database())
        .await
        .unwrap();
    assert_eq!(rows, 0, "the database is not written for it");
    clock.advance(Duration::from_secs(30));
    session.client.get("/auth/me").await.expect(200);
    assert_eq!(seen(&list(&session.client).await, &session.id).1, used, "the same minute");
    world.refresh(&session.refresh).await.expect(200);
    let refreshed = Timestamp::from(clock.now()).to_string();
    assert_eq!(seen(&list(&session.client).await, &session.id), (began, refreshed));
}

/// a sign-in from another program or network is told by mail; the first one, a new version and a refresh are not.
#[tokio::test]
async fn a_sign_in_from_elsewhere_is_told_by_mail() {
    const SUBJECT: &str = "New sign-in";
    let world = World::start().await;
    let ada = world.member("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let from = |user_agent: &str, ip: &str| {
        world.anonymous().with_header("user-agent", user_agent).with_header("x-forwarded-for", ip)
    };
    let login = async |user_agent: &str, ip: &str| {
        world.session(&from(user_agent, ip).post("/auth/login", &body).await.expect(200))
    };
    let told = async || {
        let mails = world.mailbox.list(&ada.email).await;
        mails.into_iter().filter(|mail| mail.subject.contains(SUBJECT)).collect::<Vec<_>>()
    };
    let home = login(FIREFOX, "203.0.113.5").await;
    login(&FIREFOX.replace("143", "150"), "203.0.113.77").await;
    from("curl/8.5.0", "198.51.100.1")
        .post("/auth/refresh", &json!({"refresh_token": home.refresh}))
        .await
        .expect(200);
    let wrong = json!({"email": ada.email, "password": "Wr0ng!password"});
    from("evil/1.0", "192.0.2.66").post("/auth/login", &wrong).await.expect(401);

    login("curl/8.5.0", "203.0.113.5").await;
    let mail = world.mailbox.await_mail(&ada.email, SUBJECT).await;
    for text in [&mail.text, &mail.html] {
        assert!(text.contains("curl") && text.contains("203.0.113.5") && text.contains("UTC"), "{text}");
        assert!(text.contains("/settings/sessions") && !text.contains("evil"), "{text}");
    }
    assert_eq!(told().await.len(), 1, "the first device, its next version and a refresh are no news");
    login(FIREFOX, "198.51.100.9").await;
    eventually("the second mail", SOON, async || (told().await.len() == 2).then_some(())).await;
    login(FIREFOX, "198.51.100.200").await;
    login("curl/8.6.0", "203.0.113.5").await;
    // A later mail has left, so none of an earlier sign-in waits.
    login("wget/1.0", "203.0.113.5").await;
    eventually("the third mail", SOON, async || (told().await.len() == 3).then_some(())).await;
    assert!(told().await.iter().any(|mail| mail.text.contains("wget")));
}
