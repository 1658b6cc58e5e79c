//! G-2: what is tried with headers and bodies at the service itself, past the gateway.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, World};

/// Headers in which gateways elsewhere tell who is asking.
const IDENTITY: [&str; 12] = [
    "x-user-id",
    "x-user",
    "x-user-role",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-remote-user",
    "remote-user",
    "x-authenticated-userid",
    "x-internal-token",
    "x-internal-service",
    "x-original-url",
    "x-envoy-internal",
];

/// G-2, A-4: no header but `Authorization` says who is asking.
#[tokio::test]
async fn a_header_makes_nobody_somebody() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    for name in IDENTITY {
        for value in [bob.user_id.as_str(), "admin", "/internal/users/lookup"] {
            world.anonymous().with_header(name, value).get("/auth/me").await.expect(401);
            let answer = ada.client.with_header(name, value).get("/auth/me").await.expect(200);
            assert_eq!(answer.text("/id"), ada.user_id, "{name}: {value}");
            let client = ada.client.with_header(name, value);
            client.post("/internal/users/lookup", &json!({"ids": []})).await.expect(401);
            client.post("/auth/signing-keys/rotate", &json!({})).await.expect(403);
        }
    }
}

/// A-4: two tokens are none, whichever is read first; nor is a token anywhere else.
#[tokio::test]
async fn a_request_has_one_token_in_one_place() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let bearer = |token: &str| format!("Bearer {token}");
    let pairs = [
        (bearer(&ada.access), bearer(&bob.access)),
        (bearer(&ada.access), bearer(&ada.access)),
        ("Basic YTpi".to_owned(), bearer(&ada.access)),
        (bearer(&ada.access), String::new()),
    ];
    for (first, second) in pairs {
        let request = world.anonymous().request(Method::GET, "/auth/me");
        let answer = request.header("authorization", &first).header("authorization", &second).send().await;
        answer.expect(401);
    }
    let both = format!("Bearer {}, Bearer {}", ada.access, bob.access);
    for value in [both.as_str(), &ada.access, &format!("Token {}", ada.access), "Bearer", "Bearer "] {
        world.anonymous().with_header("authorization", value).get("/auth/me").await.expect(401);
    }
    let elsewhere = [
        format!("/auth/me?access_token={}", ada.access),
        format!("/auth/me?token={}", ada.access),
        format!("/auth/me?authorization=Bearer%20{}", ada.access),
    ];
    for path in elsewhere {
        world.anonymous().get(&path).await.expect(401);
    }
    let cookie = format!("access_token={0}; token={0}; Authorization={0}", ada.access);
    world.anonymous().with_header("cookie", &cookie).get("/auth/me").await.expect(401);
    ada.client.get("/auth/me").await.expect(200);
}

/// A-1, A-3, A-5: whatever is too long is refused, with its field, and soon.
#[tokio::test]
async fn oversize_fields_are_refused() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let long = |count: usize| "a".repeat(count);
    let cases = [
        (
            "/auth/login",
            json!({"email": format!("{}@example.test", long(400)), "password": PASSWORD}),
            "email",
        ),
        ("/auth/login", json!({"email": ada.email, "password": long(100_000)}), "password"),
        (
            "/auth/login",
            json!({"email": ada.email, "password": PASSWORD, "device_name": long(81)}),
            "device_name",
        ),
        (
            "/auth/register",
            json!({"email": "x@example.test", "username": long(33), "display_name": "X", "password": PASSWORD}),
            "username",
        ),
        (
            "/auth/register",
            json!({"email": "x@example.test", "username": "x.y", "display_name": long(10_000), "password": PASSWORD}),
            "display_name",
        ),
    ];
    for (path, body, field) in cases {
        let answer = world.anonymous().post(path, &body).await.expect(400);
        assert_eq!(answer.error_fields(), [field], "{path}");
    }
    world.refresh(&long(100_000)).await.expect(401);
    world.verify(&long(100_000)).await.expect(400);
    let renamed = format!("/auth/sessions/{}", session.id);
    session.client.patch(&renamed, &json!({"device_name": long(81)})).await.expect(400);
    session.client.patch(&renamed, &json!({"device_name": long(80)})).await.expect(200);
    for path in ["/auth/login", "/auth/refresh", "/auth/register", "/auth/verify-email"] {
        let huge = json!({"email": long(2 * 1024 * 1024)});
        let answer = world.anonymous().post(path, &huge).await.expect(413);
        assert_eq!(answer.error_code(), "PAYLOAD_TOO_LARGE", "{path}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = format!(r#"{{"email": {deep}}}"#);
    let request = world.anonymous().request(Method::POST, "/auth/login").raw("application/json", nested);
    request.send().await.expect(400);
    session.client.get("/auth/me").await.expect(200);
}

/// A-1, A-3: addresses that look like somebody's are somebody else's, and what is the same after normalising is his:
/// mails go to the spelling that he proved.
#[tokio::test]
async fn look_alike_addresses_reach_nobody_else() {
    let world = World::start().await;
    let mut kim = world.stranger("kim");
    kim.email = format!("kim.{}@example.test", colink_test::unique());
    world.register(&kim).await.expect(201);
    world.verify(&world.verification_mail(&kim).await.token()).await.expect(200);
    let strangers = [("k", "\u{43a}"), ("i", "\u{456}"), ("m", "\u{ff4d}\u{301}"), ("a", "\u{251}")];
    for (from, to) in strangers {
        let other = kim.email.replacen(from, to, 1);
        if other != kim.email {
            let answer = world.try_login(&other, PASSWORD).await;
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{other}: {answer}");
        }
    }
    // The Kelvin sign and full-width letters normalise to his address: his account, his mailbox.
    for alike in
        [kim.email.replacen('k', "\u{212a}", 1), kim.email.replacen("kim", "\u{ff4b}\u{ff49}\u{ff4d}", 1)]
    {
        world.try_login(&alike, PASSWORD).await.expect(200);
        let body = json!({"email": alike, "username": format!("k{}", colink_test::unique()), "display_name": "K", "password": PASSWORD});
        world.anonymous().post("/auth/register", &body).await.expect(201);
        // The catcher takes some spellings for one; what the mail says counts.
        let mails = world.mailbox.list(&alike).await;
        assert!(mails.iter().all(|mail| mail.raw.contains(&kim.email)), "nothing goes to {alike}: {mails:?}");
    }
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from users").fetch_one(world.database()).await.unwrap();
    assert_eq!(accounts, 1);
}
