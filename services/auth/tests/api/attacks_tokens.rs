//! what is made of honest tokens and public keys.

use std::time::Duration;

use colink_core::clock::Clock;
use colink_test::{forgeries, service_token};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{World, clock, settings};

/// One endpoint of each kind: reads, changes, other resources, administration.
const ENDPOINTS: [(Method, &str); 5] = [
    (Method::GET, "/auth/me"),
    (Method::DELETE, "/auth/sessions"),
    (Method::PATCH, "/users/me"),
    (Method::POST, "/auth/logout"),
    (Method::POST, "/auth/signing-keys/rotate"),
];

/// no algorithm but the key's, no key but the published ones, no claim but the signed ones.
#[tokio::test]
async fn no_forged_token_is_believed() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let other = world.login(&ada).await;
    let jwks = world.anonymous().get("/.well-known/jwks.json").await.expect(200).json();
    let forged = forgeries(&session.access, &jwks);
    assert!(forged.len() > 50, "{}", forged.len());
    for (what, token) in forged {
        let client = world.anonymous().bearer(&token);
        for (method, path) in ENDPOINTS {
            let answer = client.request(method, path).json(&json!({})).send().await.expect(401);
            assert_eq!(answer.error_code(), "TOKEN_INVALID", "{what}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{what}");
        }
    }
    for session in [&session, &other] {
        session.client.get("/auth/me").await.expect(200);
    }
}

/// before its time a token is worth as little as after it.
#[tokio::test]
async fn a_token_is_good_in_its_time_alone() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let issued = clock.now();
    let cases = [
        (-3600, Some("TOKEN_INVALID")),
        (-31, Some("TOKEN_INVALID")),
        (-29, None),
        (900 + 29, None),
        (900 + 31, Some("TOKEN_EXPIRED")),
        (86_400, Some("TOKEN_EXPIRED")),
    ];
    for (seconds, refused) in cases {
        clock.set(issued + chrono::TimeDelta::seconds(seconds));
        let answer = session.client.get("/auth/me").await;
        match refused {
            Some(code) => assert_eq!(answer.expect(401).error_code(), code, "{seconds}"),
            None => drop(answer.expect(200)),
        }
    }
}

/// each token opens what it is for, and nothing else.
#[tokio::test]
async fn a_token_of_one_kind_is_none_of_another() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let of_service = service_token("messaging", "auth");
    let identity = world.stage.identity();
    let stranger = identity.token(&identity.admin("mallory"));
    for token in [of_service.as_str(), &session.refresh, &session.id, &stranger] {
        for (method, path) in ENDPOINTS {
            let client = world.anonymous().bearer(token);
            client.request(method, path).json(&json!({})).send().await.expect(401);
        }
    }
    let elsewhere = service_token("messaging", "channels");
    for token in [session.access.as_str(), &stranger, &elsewhere, &session.refresh] {
        let client = world.anonymous().bearer(token);
        client.post("/internal/users/lookup", &json!({"ids": [session.user_id]})).await.expect(401);
        client.post("/internal/users/by-email", &json!({"email": "a@b.test"})).await.expect(401);
    }
    for token in [session.access.as_str(), &of_service, &"A".repeat(43)] {
        world.refresh(token).await.expect(401);
        world.verify(token).await.expect(400);
    }
}

/// a token is good at the installation and for the audience that it was made for, whoever else has its key.
#[tokio::test]
async fn a_token_of_another_issuer_or_audience_is_refused() {
    let mut world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    for (key, own) in [("auth.audience", colink_test::AUDIENCE), ("auth.issuer", colink_test::ISSUER)] {
        for (value, status) in [("https://another.test", 401), (own, 200)] {
            world.service.stop().await;
            world.service.change(key, value);
            world.service.restart().await;
            let client = world.anonymous().bearer(&session.access);
            let answer = client.get("/auth/me").await.expect(status);
            assert!(status == 200 || answer.error_code() == "TOKEN_INVALID", "{key}: {answer}");
        }
    }
}

/// a session that was ended is over for each of its tokens, also those issued in the same second.
#[tokio::test]
async fn an_ended_session_is_over_for_all_its_tokens() {
    let world = World::start().await;
    let (ada, keeper) = world.signed_in("ada").await;
    let first = world.login(&ada).await;
    let second = world.session(&world.refresh(&first.refresh).await.expect(200));
    let sibling = world.session(&world.refresh(&first.refresh).await.expect(200));
    keeper.client.delete(&format!("/auth/sessions/{}", first.id)).await.expect(204);
    for session in [&first, &second, &sibling] {
        for (method, path) in ENDPOINTS {
            let answer = session.client.request(method, path).json(&json!({})).send().await.expect(401);
            assert_eq!(answer.error_code(), "TOKEN_INVALID");
        }
        world.refresh(&session.refresh).await.expect(401);
    }
    keeper.client.get("/auth/me").await.expect(200);
}

/// after a rotation an old token is good as long as its key is published, and not a moment longer.
#[tokio::test]
async fn a_token_ends_with_its_key() {
    let clock = clock();
    let email = format!("boss.{}@example.test", colink_test::unique());
    let settings = settings()
        .set("bootstrap.admin_email", email.as_str())
        .set("tokens.access_s", 7200)
        .set("keys.overlap_hours", 2)
        .set("keys.reload_s", 1);
    let world = World::with(settings.clock(clock.clone())).await;
    let mut boss = world.stranger("boss");
    boss.email = email;
    world.register(&boss).await.expect(201);
    world.verify(&world.verification_mail(&boss).await.token()).await.expect(200);
    let old = world.login(&boss).await;
    let kid = |keys: &Value, place: usize| keys["keys"][place]["kid"].as_str().map(str::to_owned);
    let published = async || world.anonymous().get("/.well-known/jwks.json").await.expect(200).json();
    let first = kid(&published().await, 0);

    clock.advance(Duration::from_secs(1));
    old.client.post("/auth/signing-keys/rotate", &json!({})).await.expect(201);
    clock.advance(Duration::from_secs(7195));
    old.client.get("/auth/me").await.expect(200);
    let both = published().await;
    assert_eq!(kid(&both, 1), first);
    clock.advance(Duration::from_secs(20));
    // The leeway would still take the token; its key is gone.
    let gone = colink_test::eventually("the end of the key", colink_test::SOON, async || {
        let answer = old.client.get("/auth/me").await;
        (answer.status == 401).then_some(answer)
    });
    assert_eq!(gone.await.error_code(), "TOKEN_INVALID");
    let left = published().await;
    assert_eq!((kid(&left, 0), kid(&left, 1)), (kid(&both, 0), None));
    world.refresh(&old.refresh).await.expect(200);
}
