//! `/auth/api-keys/{id}/rotate`: a new secret, and what becomes of the old one.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{ApiKeyCreated, ApiKeyRotated, SessionRevoked};
use reqwest::Method;
use serde_json::json;

use crate::api_keys::{PATH, by_key, exchange, make, rotate};
use crate::harness::{World, clock, refuses_bad_tokens, refuses_values, settings};

/// the old secret goes on until the overlap ends, to the second, and the new one from the start.
#[tokio::test]
async fn a_replaced_secret_goes_on_for_the_overlap() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let rotated = rotate(&ada, &made.text("/id"), 300).await.expect(200);
    assert_eq!(rotated.text("/id"), made.text("/id"));
    assert_eq!(rotated.value("/expires_at"), made.value("/expires_at"));
    let secrets = rotated.value("/secrets").as_array().unwrap().clone();
    assert_eq!(secrets.len(), 2);
    assert!(secrets[0]["superseded_at"].is_null() && secrets[1]["superseded_at"].is_string());
    let (old, new) = (made.text("/key"), rotated.text("/key"));
    assert_ne!(old, new);
    clock.advance(Duration::from_secs(299));
    for key in [&old, &new] {
        by_key(&world, key).await.get("/users/me").await.expect(200);
    }
    clock.advance(Duration::from_secs(1));
    assert_eq!(exchange(&world, &old).await, None);
    by_key(&world, &new).await.get("/users/me").await.expect(200);
    let (event, _) =
        probe.await_event::<ApiKeyRotated>(|e| e.api_key_id.to_string() == made.text("/id")).await;
    let (created, _) =
        probe.await_event::<ApiKeyCreated>(|e| e.api_key_id.to_string() == made.text("/id")).await;
    assert_ne!(event.session_id, created.session_id);
    // What was opened with the old secret is told that it is over, at the next turn of the job that looks for it.
    clock.advance(Duration::from_secs(10));
    let (ended, _) = probe.await_event::<SessionRevoked>(|e| e.session_id == Some(created.session_id)).await;
    assert_eq!(ended.reason, "api_key_expired");
}

/// a stolen key is replaced with no overlap: its tokens are refused at once, and so is what rotated before.
#[tokio::test]
async fn without_an_overlap_every_earlier_secret_ends_at_once() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let second = rotate(&ada, &made.text("/id"), 604_800).await.expect(200);
    let mut clients = Vec::new();
    for key in [made.text("/key"), second.text("/key")] {
        clients.push(by_key(&world, &key).await);
    }
    let third = rotate(&ada, &made.text("/id"), 0).await.expect(200);
    for (client, key) in clients.iter().zip([made.text("/key"), second.text("/key")]) {
        client.get("/users/me").await.expect(401);
        assert_eq!(exchange(&world, &key).await, None);
    }
    assert_eq!(third.value("/secrets").as_array().unwrap().len(), 1);
    by_key(&world, &third.text("/key")).await.get("/users/me").await.expect(200);
}

/// rotation is also how a key is prolonged; only when that is asked for.
#[tokio::test]
async fn a_new_secret_may_bring_a_new_end() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let path = format!("{PATH}/{}/rotate", made.text("/id"));
    clock.advance(Duration::from_secs(60));
    let body = json!({ "overlap_s": 0, "expires_in_days": 90 });
    let prolonged = ada.client.post(&path, &body).await.expect(200);
    assert!(prolonged.text("/expires_at") > made.text("/expires_at"), "{prolonged:?}");
    assert_eq!(prolonged.value("/secrets/0/expires_at"), prolonged.value("/expires_at"));
    let same = rotate(&ada, &made.text("/id"), 0).await.expect(200);
    assert_eq!(same.value("/expires_at"), prolonged.value("/expires_at"));
    let wrong = json!({ "overlap_s": 0, "expires_in_days": 366 });
    refuses_values(&ada.client, &path, wrong, &["expires_in_days"]).await;
    refuses_values(
        &ada.client,
        &path,
        json!({ "overlap_s": 0, "expires_in_days": null }),
        &["expires_in_days"],
    )
    .await;
}

/// of several who rotate at the same time one wins; nobody's new secret is ended by the others.
#[tokio::test]
async fn of_parallel_rotations_one_wins() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let id = made.text("/id");
    let answers = futures_util::future::join_all((0..5).map(|_| rotate(&ada, &id, 60))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    for lost in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((lost.status.as_u16(), lost.error_code().as_str()), (409, "CONFLICT"));
    }
    for key in [made.text("/key"), won[0].text("/key")] {
        assert!(exchange(&world, &key).await.is_some());
    }
}

/// an overlap has bounds and must be said.
#[tokio::test]
async fn an_overlap_has_bounds() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let made = make(&ada.client, &["users:read"]).await;
    let path = format!("{PATH}/{}/rotate", made.text("/id"));
    refuses_values(&ada.client, &path, json!({}), &["overlap_s"]).await;
    refuses_values(&ada.client, &path, json!({ "overlap_s": 604_801 }), &["overlap_s"]).await;
    ada.client.post(&path, &json!({ "overlap_s": -1 })).await.expect(400);
    ada.client.post(&path, &json!({ "overlap_s": 1, "days": 1 })).await.expect(400);
    refuses_bad_tokens(&world, Method::POST, &path).await;
}
