//! `POST /auth/login`.

use colink_events::Topic;
use colink_events::users::{AccountLocked, LoginFailed, SessionRevoked, SessionStarted};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, World, refuses_malformed, refuses_values, settings};

/// tokens, their claims, an event.
#[tokio::test]
async fn a_login_gives_tokens() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let body = json!({"email": ada.email.to_uppercase(), "password": PASSWORD, "device_name": "Laptop"});
    let answer = world.anonymous().post("/auth/login", &body).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((answer.text("/token_type").as_str(), answer.value("/expires_in")), ("Bearer", json!(900)));
    let session = world.session(&answer);

    let claims = claims(&session.access);
    assert_eq!(claims["iss"], colink_test::ISSUER);
    assert_eq!(claims["aud"], colink_test::AUDIENCE);
    assert_eq!(claims["sub"], session.user_id.as_str());
    assert_eq!(claims["sid"], session.id.as_str());
    assert_eq!(claims["email"], ada.email.as_str());
    assert_eq!(claims["preferred_username"], ada.username.as_str());
    assert_eq!(claims["realm_roles"], json!(["user"]));
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 16));

    let mut users = world.stage.probe(Topic::Users).await;
    let (event, envelope) =
        users.await_event::<SessionStarted>(|event| event.session_id.to_string() == session.id).await;
    assert_eq!(event.method, "password");
    let actor = envelope.actor.unwrap();
    assert_eq!(actor.session_id.unwrap().to_string(), session.id);
    assert!(actor.ip.is_some());
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// a wrong password and an unknown address cannot be told apart.
#[tokio::test]
async fn a_failure_does_not_tell_why() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let wrong = world.try_login(&ada.email, "Wr0ng!password").await.expect(401);
    let unknown = world.try_login("nobody@example.test", PASSWORD).await.expect(401);
    assert_eq!(wrong.error_code(), "INVALID_CREDENTIALS");
    assert_eq!((wrong.error_code(), wrong.error_message()), (unknown.error_code(), unknown.error_message()));
    let mut users = world.stage.probe(Topic::Users).await;
    let user_id = world.login(&ada).await.user_id;
    users.await_event::<LoginFailed>(|event| event.user_id.is_some_and(|id| id.to_string() == user_id)).await;
}

/// five failures lock the pair of address and client, also for the right password; not others.
#[tokio::test]
async fn five_failures_lock() {
    let world = World::start().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let mut users = world.stage.probe(Topic::Users).await;
    let user_id = world.login(&ada).await.user_id;
    for _ in 0..5 {
        world.try_login(&ada.email, "Wr0ng!password").await.expect(401);
    }
    for password in [PASSWORD, "Wr0ng!password"] {
        let answer = world.try_login(&ada.email.to_uppercase(), password).await.expect(429);
        assert_eq!(answer.error_code(), "ACCOUNT_LOCKED");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((880..=900).contains(&wait), "{wait}");
    }
    let event = users
        .await_event::<AccountLocked>(|event| event.user_id.is_some_and(|id| id.to_string() == user_id))
        .await
        .0;
    assert_eq!(event.until.as_millis() - event.at.as_millis(), 900_000);

    world.login(&bob).await;
    let elsewhere = world.anonymous().with_header("x-forwarded-for", "203.0.113.8");
    elsewhere.post("/auth/login", &json!({"email": ada.email, "password": PASSWORD})).await.expect(200);
}

/// an address that nobody has is locked like any other.
#[tokio::test]
async fn an_unknown_address_is_locked_too() {
    let world = World::start().await;
    for _ in 0..5 {
        world.try_login("nobody@example.test", PASSWORD).await.expect(401);
    }
    world.try_login("nobody@example.test", PASSWORD).await.expect(429);
}

/// guesses sent all at once are hardly more than guesses sent one by one.
#[tokio::test]
async fn simultaneous_guesses_lock_too() {
    let world = World::with(settings().set("argon2.concurrency", 2)).await;
    let ada = world.member("ada").await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (client, body) = (world.anonymous(), json!({"email": ada.email, "password": "Wr0ng!password"}));
        waiting.spawn(async move { client.post("/auth/login", &body).await });
    }
    let guessed = waiting.join_all().await.iter().filter(|answer| answer.status == 401).count();
    assert!((5..=6).contains(&guessed), "{guessed} guesses were checked");
}

/// a success forgets the failures before it.
#[tokio::test]
async fn a_success_starts_the_count_anew() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    for _ in 0..2 {
        for _ in 0..4 {
            world.try_login(&ada.email, "Wr0ng!password").await.expect(401);
        }
        world.login(&ada).await;
    }
}

/// tries with one address are limited across clients.
#[tokio::test]
async fn logins_with_an_address_are_limited() {
    let world = World::with(settings().set("limits.login_per_address_per_hour", 3)).await;
    let body = json!({"email": "nobody@example.test", "password": PASSWORD});
    for (number, status) in [(1, 401), (2, 401), (3, 401), (4, 429)] {
        let client = world.anonymous().with_header("x-forwarded-for", &format!("203.0.113.{number}"));
        client.post("/auth/login", &body).await.expect(status);
    }
}

/// tries of a client that is locked out do not use up what the address has left elsewhere.
#[tokio::test]
async fn a_locked_client_does_not_use_up_the_limit_of_the_address() {
    let world = World::with(settings().set("limits.login_per_address_per_hour", 6)).await;
    let ada = world.member("ada").await;
    for _ in 0..5 {
        world.try_login(&ada.email, "Wr0ng!password").await.expect(401);
    }
    for _ in 0..10 {
        let answer = world.try_login(&ada.email, "Wr0ng!password").await.expect(429);
        assert_eq!(answer.error_code(), "ACCOUNT_LOCKED");
    }
    let elsewhere = world.anonymous().with_header("x-forwarded-for", "203.0.113.8");
    let body = json!({"email": ada.email, "password": PASSWORD});
    elsewhere.post("/auth/login", &body).await.expect(200);
    assert_eq!(elsewhere.post("/auth/login", &body).await.expect(429).error_code(), "RATE_LIMITED");
}

/// an address that nobody proved is like one that nobody has, also to whoever registered with it: otherwise he
/// would learn by registering whether it was known before.
#[tokio::test]
async fn an_unverified_address_is_told_to_nobody() {
    let world = World::start().await;
    let (known, fresh) = (world.member("known").await, world.stranger("fresh"));
    let mut probe = world.stranger("probe");
    probe.email.clone_from(&known.email);
    probe.password = "An0ther!graphyte".to_owned();
    world.register(&probe).await.expect(201);
    world.register(&fresh).await.expect(201);
    let mut told = Vec::new();
    for person in [&probe, &fresh] {
        for _ in 0..5 {
            let answer = world.try_login(&person.email, &person.password).await.expect(401);
            told.push((answer.error_code(), answer.error_message()));
        }
        world.try_login(&person.email, &person.password).await.expect(429);
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    assert_eq!(told[0].0, "INVALID_CREDENTIALS");
}

/// a suspended user gets neither a session nor new tokens.
#[tokio::test]
async fn a_suspended_user_stays_out() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    sqlx::query("update users set suspended_at = now() where username = $1")
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    assert_eq!(world.try_login(&ada.email, PASSWORD).await.expect(403).error_code(), "FORBIDDEN");
    world.refresh(&session.refresh).await.expect(403);
}

/// the eleventh session ends the oldest, also when all begin at once.
#[tokio::test]
async fn the_oldest_session_gives_way() {
    let world = World::start().await;
    let (ada, oldest) = world.signed_in("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (client, body) = (world.anonymous(), json!({"email": ada.email, "password": PASSWORD}));
        waiting.spawn(async move { client.post("/auth/login", &body).await });
    }
    for answer in waiting.join_all().await {
        answer.expect(200);
    }
    let open = "select count(*) from sessions s join users u on u.id = s.user_id where username = $1 and revoked_at is null";
    assert_eq!(world.count(open, &ada.username).await, 10);
    let event = users
        .await_event::<SessionRevoked>(|event| event.session_id.is_some_and(|id| id.to_string() == oldest.id))
        .await
        .0;
    assert_eq!(event.reason, "session_limit");
    oldest.client.get("/auth/me").await.expect(401);
    world.refresh(&oldest.refresh).await.expect(401);
}

/// a hash of yesterday's cost is replaced at login.
#[tokio::test]
async fn an_outdated_hash_is_replaced() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let old = "$argon2id$v=19$m=64,t=1,p=1$";
    let hash = {
        use argon2::password_hash::{PasswordHasher, SaltString};
        let params = argon2::Params::new(64, 1, 1, None).unwrap();
        let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let salt = SaltString::encode_b64(b"sixteen bytes ok").unwrap();
        argon2.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string()
    };
    assert!(hash.starts_with(old));
    sqlx::query("update users set password_hash = $1 where username = $2")
        .bind(&hash)
        .bind(&ada.username)
        .execute(world.database())
        .await
        .unwrap();
    world.login(&ada).await;
    let new: String = sqlx::query_scalar("select password_hash from users where username = $1")
        .bind(&ada.username)
        .fetch_one(world.database())
        .await
        .unwrap();
    assert!(new.starts_with("$argon2id$v=19$m=256,t=1,p=1$"), "{new}");
    world.login(&ada).await;
}

/// without Redis nobody can count, so nobody may guess; who is signed in goes on.
#[tokio::test]
async fn without_redis_the_door_is_closed() {
    let world = World::with(settings().set("redis.url", "redis://127.0.0.1:1")).await;
    for (path, body) in [
        ("/auth/login", json!({"email": "ada@example.test", "password": PASSWORD})),
        ("/auth/register", world.stranger("ada").registration()),
        ("/auth/resend-verification", json!({"email": "ada@example.test"})),
    ] {
        let answer = world.anonymous().post(path, &body).await.expect(503);
        assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    }
    world.refresh(&"A".repeat(43)).await.expect(401);
}

///
#[tokio::test]
async fn bad_values_are_listed() {
    let world = World::start().await;
    let (client, path) = (world.anonymous(), "/auth/login");
    refuses_malformed(&client, Method::POST, path, "password").await;
    refuses_values(&client, path, json!({}), &["email", "password"]).await;
    let with = |field: &str, value: Value| {
        let mut body = json!({"email": "ada@example.test", "password": PASSWORD});
        body[field] = value;
        body
    };
    refuses_values(&client, path, with("email", json!("ada")), &["email"]).await;
    refuses_values(&client, path, with("password", json!("x".repeat(129))), &["password"]).await;
    refuses_values(&client, path, with("device_name", json!("")), &["device_name"]).await;
    refuses_values(&client, path, with("device_name", json!("x".repeat(81))), &["device_name"]).await;
    client.post(path, &with("device_name", json!("x".repeat(80)))).await.expect(401);
}
