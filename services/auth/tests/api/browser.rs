//! refresh tokens in a cookie.

use colink_core::id::SessionId;
use colink_events::Topic;
use colink_events::users::SessionRevoked;
use colink_test::{Answer, Client};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PASSWORD, Person, World};

/// The name of the cookie where TLS is on.
pub(crate) const COOKIE: &str = "__Secure-colink_refresh";

/// A signed-in browser: what it keeps, and what its page knows.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) id: String,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    /// With the page's access token.
    pub(crate) page: Client,
}

impl World {
    /// A browser without anything.
    pub(crate) fn browser(&self) -> Client {
        self.anonymous().with_header("sec-fetch-site", "same-origin").with_header("x-refresh-in", "cookie")
    }

    pub(crate) async fn browse(&self, person: &Person) -> Browser {
        let body = json!({"email": person.email, "password": PASSWORD});
        self.browser_of(&self.browser().post("/auth/login", &body).await.expect(200))
    }

    pub(crate) fn browser_of(&self, answer: &Answer) -> Browser {
        Browser {
            id: answer.text("/session_id"),
            cookie: cookie(answer).unwrap(),
            csrf: answer.text("/csrf_token"),
            page: self.anonymous().bearer(&answer.text("/access_token")),
        }
    }

    /// What the browser sends of itself when its page refreshes.
    pub(crate) fn keeps(&self, browser: &Browser) -> Client {
        self.anonymous()
            .with_header("sec-fetch-site", "same-origin")
            .with_header("cookie", &format!("theme=dark; {COOKIE}={}", browser.cookie))
    }

    pub(crate) async fn refresh_browser(&self, browser: &Browser) -> Answer {
        self.keeps(browser).with_header("x-csrf-token", &browser.csrf).post("/auth/refresh", &json!({})).await
    }
}

/// The value of the refresh cookie that an answer sets.
pub(crate) fn cookie(answer: &Answer) -> Option<String> {
    let set = answer.header("set-cookie")?;
    let value = set.strip_prefix(COOKIE)?.strip_prefix('=')?.split(';').next()?;
    Some(value.to_owned())
}

/// the token is in a cookie that no script reads, and in no body; the page gets a token of its own.
#[tokio::test]
async fn a_browser_keeps_its_refresh_token_in_a_cookie() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = world.browser().post("/auth/login", &body).await.expect(200);
    let set = answer.header("set-cookie").unwrap().to_owned();
    assert!(set.ends_with("; Max-Age=2592000; Path=/api/auth; HttpOnly; SameSite=Strict; Secure"), "{set}");
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.value("/refresh_token"), Value::Null);
    let first = world.browser_of(&answer);
    assert!(!String::from_utf8_lossy(&answer.body).contains(&first.cookie), "in no body");
    let stored: (i32, i64) = sqlx::query_as(
        "select length(csrf_hash), (select count(*) from sessions where csrf_hash = convert_to($2, 'utf8'))
           from sessions where id = $1::uuid",
    )
    .bind(&first.id)
    .bind(&first.csrf)
    .fetch_one(world.database())
    .await
    .unwrap();
    assert_eq!(stored, (32, 0), "only the hash is stored");

    let answer = world.refresh_browser(&first).await.expect(200);
    let next = cookie(&answer).unwrap();
    assert_ne!(next, first.cookie);
    assert_eq!((answer.value("/refresh_token"), answer.value("/csrf_token")), (Value::Null, Value::Null));
    assert_eq!(answer.text("/session_id"), first.id);
    let second = Browser { cookie: next, ..first };
    let answer = world.refresh_browser(&second).await.expect(200);
    world.anonymous().bearer(&answer.text("/access_token")).get("/auth/me").await.expect(200);
}

/// who asks for nothing gets what was always given.
#[tokio::test]
async fn the_choice_is_the_clients() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    for client in [world.anonymous(), world.anonymous().with_header("x-refresh-in", "body")] {
        let answer = client.post("/auth/login", &body).await.expect(200);
        assert_eq!((answer.header("set-cookie"), answer.value("/csrf_token")), (None, Value::Null));
        world.refresh(&answer.text("/refresh_token")).await.expect(200);
    }
    for word in ["", "Cookie", "local-storage", "\u{fc}"] {
        let client = world.anonymous().with_header("x-refresh-in", word);
        let answer = client.post("/auth/login", &body).await.expect(400);
        assert_eq!(answer.error_fields(), ["X-Refresh-In"], "{word}");
    }
    let twice =
        world.browser().request(Method::POST, "/auth/login").header("x-refresh-in", "cookie").json(&body);
    twice.send().await.expect(400);
}

/// two tabs that wake up together both go on, with the one token that their page was given.
#[tokio::test]
async fn two_tabs_refresh_at_once() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    let (one, other) = tokio::join!(world.refresh_browser(&browser), world.refresh_browser(&browser));
    for answer in [one.expect(200), other.expect(200)] {
        let tab = Browser { cookie: cookie(&answer).unwrap(), ..browser.clone() };
        world.refresh_browser(&tab).await.expect(200);
    }
}

/// signing out takes the cookie back and ends the session.
#[tokio::test]
async fn a_logout_takes_the_cookie_back() {
    let world = World::start().await;
    let ada = world.member("ada").await;
    let browser = world.browse(&ada).await;
    let sent = browser.page.with_header("cookie", &format!("{COOKIE}={}", browser.cookie));
    let answer = sent.post("/auth/logout", &json!({})).await.expect(204);
    let set = answer.header("set-cookie").unwrap();
    assert_eq!(set, format!("{COOKIE}=; Max-Age=0; Path=/api/auth; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(world.refresh_browser(&browser).await.expect(401).error_code(), "TOKEN_INVALID");
    let (_, session) = world.signed_in("bob").await;
    let answer = session.client.post("/auth/logout", &json!({})).await.expect(204);
    assert_eq!(answer.header("set-cookie"), None, "there was none");
}

/// nothing that was in the browser before a sign-in is taken over: the old session ends, whoever's it was.
#[tokio::test]
async fn a_sign_in_replaces_the_session_of_the_cookie() {
    let world = World::start().await;
    let (ada, bob) = (world.member("ada").await, world.member("bob").await);
    let (before, elsewhere) = (world.browse(&ada).await, world.browse(&ada).await);
    let mut users = world.stage.probe(Topic::Users).await;
    for person in [&ada, &bob] {
        let first = world.browse(&ada).await;
        let body = json!({"email": person.email, "password": PASSWORD});
        let again =
            world.keeps(&first).with_header("x-refresh-in", "cookie").post("/auth/login", &body).await;
        let again = world.browser_of(&again.expect(200));
        assert!(again.id != first.id && again.cookie != first.cookie && again.csrf != first.csrf);
        assert_eq!(world.refresh_browser(&first).await.expect(401).error_code(), "TOKEN_INVALID");
        first.page.get("/auth/me").await.expect(401);
        world.refresh_browser(&again).await.expect(200);
        let of_first = |id: Option<SessionId>| id.is_some_and(|id| id.to_string() == first.id);
        let event = users.await_event::<SessionRevoked>(|event| of_first(event.session_id)).await.0;
        assert_eq!(event.reason, "replaced");
    }
    for other in [&before, &elsewhere] {
        other.page.get("/auth/me").await.expect(200);
    }
    // A sign-in that fails ends nothing, and neither does one that keeps its token itself.
    let body = json!({"email": ada.email, "password": "Wr0ng!password"});
    world.keeps(&before).with_header("x-refresh-in", "cookie").post("/auth/login", &body).await.expect(401);
    let body = json!({"email": ada.email, "password": PASSWORD});
    world.keeps(&before).post("/auth/login", &body).await.expect(200);
    before.page.get("/auth/me").await.expect(200);
}

/// a development installation without TLS.
#[tokio::test]
async fn without_tls_the_cookie_has_a_plain_name() {
    let settings = crate::harness::settings().set("browser.secure_cookie", false);
    let world = World::with(settings).await;
    let ada = world.member("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let answer = world.browser().post("/auth/login", &body).await.expect(200);
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("colink_refresh=") && !set.contains("Secure"), "{set}");
}
