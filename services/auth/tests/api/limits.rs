//! How often one client may call what a stranger may call.

use serde_json::{Value, json};

use crate::harness::{PASSWORD, World, settings};

/// the third call of a client within the limit of two is refused, whatever it names; another client is not.
#[tokio::test]
async fn every_open_door_is_limited_by_client() {
    let anybody = |number: usize| format!("nobody{number}@example.test");
    let token = |_| json!({ "token": "A".repeat(43) });
    let reset = |_| json!({"token": "A".repeat(43), "new_password": PASSWORD});
    let login = |number| json!({"email": anybody(number), "password": PASSWORD});
    let mail = |number| json!({ "email": anybody(number) });
    type Body<'a> = &'a dyn Fn(usize) -> Value;
    let doors: [(&str, &str, Body<'_>, u16); 5] = [
        ("login_per_ip_per_minute", "/auth/login", &login, 401),
        ("verify_per_ip_per_minute", "/auth/verify-email", &token, 400),
        ("verify_per_ip_per_minute", "/auth/reset-password", &reset, 400),
        ("mail_per_ip_per_minute", "/auth/resend-verification", &mail, 200),
        ("mail_per_ip_per_minute", "/auth/forgot-password", &mail, 200),
    ];
    for (limit, path, body, status) in doors {
        let world = World::with(settings().set(&format!("limits.{limit}"), 2)).await;
        let here = world.anonymous().with_header("x-forwarded-for", "2001:db8:1:2::1");
        let network = world.anonymous().with_header("x-forwarded-for", "2001:db8:1:2:ffff::9");
        let elsewhere = world.anonymous().with_header("x-forwarded-for", "2001:db8:1:3::1");
        here.post(path, &body(1)).await.expect(status);
        network.post(path, &body(2)).await.expect(status);
        for client in [&here, &network] {
            let refused = client.post(path, &body(3)).await.expect(429);
            assert_eq!(refused.error_code(), "RATE_LIMITED", "{path}");
            let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait), "{path}: {wait}");
        }
        elsewhere.post(path, &body(4)).await.expect(status);
    }
}

/// without Redis nobody can count, so the doors that a secret opens are closed, and mails are not sent.
#[tokio::test]
async fn without_redis_links_are_not_taken() {
    let world = World::with(settings().set("redis.url", "redis://127.0.0.1:1")).await;
    for (path, body) in [
        ("/auth/forgot-password", json!({"email": "ada@example.test"})),
        ("/auth/reset-password", json!({"token": "A".repeat(43), "new_password": PASSWORD})),
        ("/auth/verify-email", json!({"token": "A".repeat(43)})),
    ] {
        assert_eq!(world.anonymous().post(path, &body).await.expect(503).error_code(), "SERVICE_UNAVAILABLE");
    }
}
