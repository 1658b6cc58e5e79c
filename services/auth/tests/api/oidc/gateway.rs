//! A provider's access token for a short one of ours, as the gateway asks for it.

use colink_core::clock::{Clock, SystemClock};
use colink_test::{Answer, Client};
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use super::SSO;
use super::browser::Browser;
use super::provider::{CLIENT_ID, LocalProvider, Signed, Someone};
use crate::harness::{PASSWORD, World, refuses_bad_tokens, settings};
use crate::mfa_harness::claims;
use crate::password_races::{SESSIONS, held, kept_waiting};

pub(super) const AUDIENCE: &str = "colink-api";
pub(super) const PATH: &str = "/internal/provider-tokens/exchange";

/// A world in which Ada has signed in by browser once.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) provider: LocalProvider,
    ada: Someone,
    user_id: String,
}

fn now() -> i64 {
    SystemClock.now().timestamp()
}

impl Scene {
    pub(super) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(more: &[(&str, toml::Value)]) -> Self {
        let provider = LocalProvider::start();
        let settings =
            provider.configure(settings(), SSO).set("oidc.providers.sso.exchange_audience", AUDIENCE);
        let settings = more.iter().fold(settings, |settings, (key, value)| settings.set(key, value.clone()));
        let world = World::with(settings).await;
        let ada = Someone::named("ada");
        let answer = Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
        Self { user_id: answer.text("/user/id"), world, provider, ada }
    }

    pub(super) fn claims(&self) -> Value {
        let now = now();
        json!({
            "iss": self.provider.issuer(), "sub": self.ada.subject, "aud": [AUDIENCE, "account"], "typ": "Bearer",
            "iat": now, "exp": now + 300, "azp": "another-client"
        })
    }

    pub(super) async fn present(&self, claims: &Value) -> Answer {
        self.bring(self.provider.issue("JWT", claims)).await
    }

    /// A token as the gateway brings it.
    pub(super) async fn bring(&self, token: String) -> Answer {
        let body = json!({"issuer": self.provider.issuer(), "token": token, "ip": "203.0.113.7", "user_agent": "app/1"});
        self.world.service.internal("gateway").post(PATH, &body).await
    }

    /// The token of ours.
    pub(super) async fn token(&self, claims: &Value) -> String {
        self.present(claims).await.expect(200).text("/access_token")
    }

    pub(super) async fn is_refused(&self, claims: &Value) -> bool {
        self.present(claims).await.expect(200).value("/access_token").is_null()
    }

    fn client(&self, token: &str) -> Client {
        self.world.anonymous().bearer(token)
    }

    async fn execute(&self, query: &'static str) {
        sqlx::query(query).execute(self.world.database()).await.unwrap();
    }
}

/// the token is Ada's, with her roles, for a minute; all that come are one session, which her list shows.
#[tokio::test]
async fn a_presented_token_becomes_a_short_one_of_ours() {
    let scene = Scene::start().await;
    let (first, second) = (scene.token(&scene.claims()).await, scene.token(&scene.claims()).await);
    let said = claims(&first);
    assert_eq!((&said["sub"], &said["realm_roles"]), (&json!(scene.user_id), &json!(["user"])));
    assert_eq!(said["amr"], json!(["fed"]));
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 60);
    assert_eq!(said["sid"], claims(&second)["sid"]);
    let me = scene.client(&first).get("/auth/me").await.expect(200);
    assert_eq!(me.text("/id"), scene.user_id);
    let sessions = scene.client(&first).get("/auth/sessions").await.expect(200);
    let sessions = sessions.value("/items").as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2, "that of the browser and this");
    let ours = sessions.iter().find(|session| session["id"] == said["sid"]).unwrap();
    assert_eq!((&ours["device_name"], &ours["ip"]), (&json!("Local sign-on"), &json!("203.0.113.7")));
    let refreshing = "select count(*) from refresh_tokens where session_id::text = $1";
    assert_eq!(scene.world.count(refreshing, said["sid"].as_str().unwrap()).await, 0);

    let mut short = scene.claims();
    short["exp"] = json!(now() + 20);
    let answer = scene.present(&short).await.expect(200);
    assert!(answer.value("/expires_in").as_i64().unwrap() <= 20, "no longer than the provider's: {answer}");
}

/// what `POST /auth/token-exchange` refuses is refused here, and what is of no provider that exchanges.
#[tokio::test]
async fn other_tokens_are_refused() {
    let scene = Scene::with(&[("api_keys.failures_per_ip_per_minute", 0.into())]).await;
    let now = now();
    for (name, value) in [
        ("typ", json!("ID")),
        ("typ", Value::Null),
        ("aud", json!(CLIENT_ID)),
        ("aud", json!("colink-api-2")),
        ("aud", json!([])),
        ("iss", json!("https://evil.test")),
        ("exp", json!(now - 60)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("sub", json!("")),
    ] {
        let mut claims = scene.claims();
        claims[name] = value.clone();
        assert!(scene.is_refused(&claims).await, "{name} {value}");
    }
    for signed in [Signed::Forged, Signed::NextEs256] {
        scene.provider.behave(|behaviour| behaviour.signed = signed);
        assert!(scene.is_refused(&scene.claims()).await, "{signed:?}");
    }
    let internal = scene.world.service.internal("gateway");
    for issuer in ["https://evil.test", ""] {
        let answer = internal.post(PATH, &json!({"issuer": issuer, "token": "x"})).await.expect(200);
        assert!(answer.value("/access_token").is_null());
    }
    internal.post(PATH, &json!({"issuer": "x", "token": "x", "audience": "x"})).await.expect(400);
    assert_eq!(scene.world.count("select count(*) from sessions where ip = $1", "203.0.113.7").await, 0);
    refuses_bad_tokens(&scene.world, Method::POST, PATH).await;
}

/// whoever may not be here is told why; nobody gets an account by a token alone.
#[tokio::test]
async fn somebody_who_is_kept_out_is_told_why() {
    let scene = Scene::start().await;
    let mut stranger = scene.claims();
    stranger["sub"] = json!("somebody else");
    stranger["email"] = json!("new@example.test");
    stranger["email_verified"] = json!(true);
    let answer = scene.present(&stranger).await.expect(403);
    assert!(answer.error_message().starts_with("You have no account here"), "{answer}");
    scene.execute("update users set suspended_at = now()").await;
    assert!(scene.present(&scene.claims()).await.expect(403).error_message().contains("suspended"));
}

/// a second factor that somebody has is not gone around; where the provider is trusted with it, its own counts.
#[tokio::test]
async fn a_second_factor_is_asked_for() {
    for trusted in [false, true] {
        let scene = Scene::with(&[("oidc.providers.sso.trust_mfa", trusted.into())]).await;
        scene
            .execute(
                "insert into totp_secrets (user_id, session_id, sealed_secret, created_at, enabled_at, last_used_step)
                 select s.user_id, s.id, '\\x00', now(), now(), 0 from sessions s",
            )
            .await;
        let plain = scene.present(&scene.claims()).await.expect(403);
        assert!(plain.error_message().starts_with("You have a second factor"), "{plain}");
        let mut strong = scene.claims();
        strong["amr"] = json!(["pwd", "otp"]);
        if trusted {
            assert_eq!(claims(&scene.token(&strong).await)["amr"], json!(["fed", "mfa"]));
        } else {
            scene.present(&strong).await.expect(403);
        }
    }
}

/// ending the session ends every token that was made until then, at the provider as well; a later one begins anew.
#[tokio::test]
async fn an_end_lasts() {
    let scene = Scene::start().await;
    let theirs = scene.claims();
    let token = scene.token(&theirs).await;
    scene.client(&token).post("/auth/logout", &json!({})).await.expect(204);
    scene.client(&token).get("/auth/me").await.expect(401);
    let mut timeless = scene.claims();
    timeless.as_object_mut().unwrap().remove("iat");
    for old in [&theirs, &timeless] {
        assert!(scene.is_refused(old).await, "{old}");
    }
    let mut later = scene.claims();
    later["iat"] = json!(now() + 5);
    let anew = scene.token(&later).await;
    assert_ne!(claims(&anew)["sid"], claims(&token)["sid"]);
    scene.client(&anew).get("/auth/me").await.expect(200);
    assert!(scene.is_refused(&theirs).await, "also while another session is open");
}

/// a token proves lately what its sign-in at the provider did lately, and nothing when it does not say.
#[tokio::test]
async fn a_token_is_as_fresh_as_its_sign_in() {
    for (age_s, status) in [(None, 403), (Some(3600), 403), (Some(60), 200)] {
        let scene = Scene::start().await;
        let mut claims = scene.claims();
        claims["auth_time"] = age_s.map_or(Value::Null, |age_s: i64| json!(now() - age_s));
        let client = scene.client(&scene.token(&claims).await);
        let answer =
            client.post("/auth/set-password", &json!({ "new_password": PASSWORD })).await.expect(status);
        assert!(status == 200 || answer.error_code() == "REAUTHENTICATION_REQUIRED", "{age_s:?}: {answer}");
    }
}

/// a token that is being exchanged while its identity is unlinked opens nothing.
#[tokio::test]
async fn an_exchange_does_not_outlive_its_link() {
    let scene = Scene::start().await;
    let (world, claims) = (&scene.world, scene.claims());
    let mut held = held(world, &scene.ada.username).await;
    let unlink = async {
        kept_waiting(world, 1).await;
        sqlx::query("delete from identities").execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    let (answer, ()) = join(scene.present(&claims), unlink).await;
    answer.expect(403);
    assert_eq!(world.count(SESSIONS, &scene.ada.username).await, 1, "that of the browser");
}

/// wrong tokens are counted for the client; a provider that is away is told from this service.
#[tokio::test]
async fn wrong_tokens_are_limited_and_outages_told() {
    let scene = Scene::with(&[("api_keys.failures_per_ip_per_minute", 2.into())]).await;
    scene.token(&scene.claims()).await;
    let mut wrong = scene.claims();
    wrong["aud"] = json!("another");
    for _ in 0..2 {
        assert!(scene.is_refused(&wrong).await);
    }
    scene.present(&wrong).await.expect(429);
    scene.present(&scene.claims()).await.expect(429);

    let provider = LocalProvider::start();
    let settings = provider.configure(settings(), SSO).set("oidc.providers.sso.exchange_audience", AUDIENCE);
    let world = World::with(settings).await;
    provider.behave(|behaviour| behaviour.status = Some(503));
    let body = json!({"issuer": provider.issuer(), "token": scene.provider.issue("JWT", &scene.claims())});
    let away = world.service.internal("gateway").post(PATH, &body).await.expect(502);
    assert_eq!(away.error_code(), "UPSTREAM_ERROR");
}
