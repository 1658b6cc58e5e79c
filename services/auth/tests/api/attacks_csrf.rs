//! A-5: what pages of other sites, and neighbours who plant cookies, try with a browser that is signed in.

use colink_test::{Answer, Client};
use serde_json::json;

use crate::browser::{Browser, COOKIE, cookie};
use crate::harness::{PASSWORD, World, clock, settings};

/// The page of the installation, and one on the list.
const HOME: &str = "https://chat.example.test";
const FRIEND: &str = "https://app.example.test:8443";

async fn world() -> World {
    World::with(settings().set("browser.allowed_origins", vec![FRIEND])).await
}

fn with(client: &Client, headers: &[(&str, &str)]) -> Client {
    headers.iter().fold(client.clone(), |client, (name, value)| client.with_header(name, value))
}

/// Sends the cookie with these headers, and the right CSRF token.
async fn refresh(world: &World, browser: &Browser, headers: &[(&str, &str)]) -> Answer {
    let client = world.anonymous().with_header("cookie", &format!("{COOKIE}={}", browser.cookie));
    let client = client.with_header("x-csrf-token", &browser.csrf);
    with(&client, headers).post("/auth/refresh", &json!({})).await
}

/// A-5: the cookie works for pages of this installation alone.
#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie() {
    let world = world().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    let foreign: [&[(&str, &str)]; 9] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://blog.example.test")],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[("origin", "http://chat.example.test")],
        &[("origin", "https://chat.example.test.evil.test")],
        &[("origin", "https://app.example.test")],
        &[("origin", "https://evil.test"), ("x-forwarded-host", "evil.test"), ("host", "evil.test")],
    ];
    for headers in foreign {
        let answer = refresh(&world, &browser, headers).await.expect(403);
        assert_eq!((answer.error_code().as_str(), cookie(&answer)), ("FORBIDDEN", None), "{headers:?}");
        // Nor may it bring a session of its own into the browser.
        let body = json!({"email": ada.email, "password": PASSWORD});
        let client = with(&world.anonymous().with_header("x-refresh-in", "cookie"), headers);
        client.post("/auth/login", &body).await.expect(403);
    }
    browser.page.get("/auth/me").await.expect(200);
    let home: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin"), ("origin", HOME)],
        &[("sec-fetch-site", "same-origin")],
        &[("origin", HOME)],
        &[("sec-fetch-site", "cross-site"), ("origin", FRIEND)],
        &[],
    ];
    for headers in home {
        refresh(&world, &browser, headers).await.expect(200);
    }
}

/// A-5: without the page's own token the cookie is worth nothing, and what is tried with it does no harm.
#[tokio::test]
async fn the_cookie_alone_is_worth_nothing() {
    let clock = clock();
    let world = World::with(settings().clock(clock.clone())).await;
    let (ada, mallory) = (world.member("ada").await, world.member("mallory").await);
    let (browser, other) = (world.browse(&ada).await, world.browse(&mallory).await);
    let sessions = "select count(*) from sessions where id = $1::uuid and revoked_at is not null";
    let tokens = [None, Some(""), Some("nonsense"), Some(other.csrf.as_str()), Some(browser.cookie.as_str())];
    for _ in 0..2 {
        for token in tokens {
            let client = world.keeps(&browser);
            let client = token.map_or(client.clone(), |token| client.with_header("x-csrf-token", token));
            let answer = client.post("/auth/refresh", &json!({})).await.expect(403);
            assert_eq!((answer.error_code().as_str(), cookie(&answer)), ("FORBIDDEN", None), "{token:?}");
        }
        // Also later these were no uses of the token: nobody is taken for a thief.
        clock.advance(crate::harness::PAST_GRACE);
    }
    let twice = world.keeps(&browser).with_header("x-csrf-token", &browser.csrf);
    let twice = twice.request(reqwest::Method::POST, "/auth/refresh").header("x-csrf-token", &browser.csrf);
    twice.json(&json!({})).send().await.expect(403);
    assert_eq!(world.count(sessions, &browser.id).await, 0);
    let renewed = world.refresh_browser(&browser).await.expect(200);
    // An old cookie without its token stays harmless even when it is a copy.
    clock.advance(crate::harness::PAST_GRACE);
    world.keeps(&browser).post("/auth/refresh", &json!({})).await.expect(403);
    assert_eq!(world.count(sessions, &browser.id).await, 0);
    world.refresh_browser(&Browser { cookie: cookie(&renewed).unwrap(), ..browser }).await.expect(200);
}

/// A-5: a cookie that somebody else planted signs nobody in as him.
#[tokio::test]
async fn a_planted_cookie_is_not_used() {
    let world = world().await;
    let (ada, mallory) = (world.member("ada").await, world.member("mallory").await);
    let (victim, planted) = (world.browse(&ada).await, world.browse(&mallory).await);
    let swapped = Browser { cookie: planted.cookie.clone(), ..victim.clone() };
    world.refresh_browser(&swapped).await.expect(403);
    // Two of one name: which is whose cannot be known.
    for pair in [[&victim, &planted], [&planted, &victim]] {
        let both = pair.map(|browser| format!("{COOKIE}={}", browser.cookie)).join("; ");
        let client = world.anonymous().with_header("cookie", &both).with_header("x-csrf-token", &victim.csrf);
        client.post("/auth/refresh", &json!({})).await.expect(400);
    }
    // A token that belongs in a body is none in a cookie.
    let (_, session) = world.signed_in("eve").await;
    let plain = Browser { cookie: session.refresh.clone(), ..victim.clone() };
    assert_eq!(world.refresh_browser(&plain).await.expect(401).error_code(), "TOKEN_INVALID");
    world.refresh(&session.refresh).await.expect(200);
    world.refresh_browser(&victim).await.expect(200);
}

/// A-5: what a browser keeps out of reach of scripts cannot be brought into their reach.
#[tokio::test]
async fn a_token_of_a_cookie_is_none_in_a_body() {
    let world = world().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    assert_eq!(world.refresh(&browser.cookie).await.expect(401).error_code(), "TOKEN_INVALID");
    let script =
        world.keeps(&browser).with_header("x-csrf-token", &browser.csrf).with_header("x-refresh-in", "body");
    let answer = script.post("/auth/refresh", &json!({})).await.expect(200);
    assert_eq!(answer.value("/refresh_token"), serde_json::Value::Null);
    assert!(cookie(&answer).is_some());
}

/// A-5: a form of another page can send the cookie along, but no JSON.
#[tokio::test]
async fn a_form_is_no_request() {
    let world = world().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"] {
        for path in ["/auth/refresh", "/auth/login"] {
            let request = world.keeps(&browser).request(reqwest::Method::POST, path);
            request.raw(media, r#"{"a":"="}"#).send().await.expect(415);
        }
    }
    world.refresh_browser(&browser).await.expect(200);
}
