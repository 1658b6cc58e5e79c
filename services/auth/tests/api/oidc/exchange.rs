//! A provider's access token for ours.

use std::net::{IpAddr, Ipv6Addr};

use colink_core::clock::{Clock, SystemClock};
use colink_events::users::LoginFailed;
use colink_events::{Envelope, Topic};
use colink_test::Answer;
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use super::SSO;
use super::browser::Browser;
use super::provider::{CLIENT_ID, LocalProvider, Signed, Someone};
use super::unlinking::touch;
use crate::authenticator::Authenticator;
use crate::harness::{PASSWORD, World, refuses_malformed, refuses_values, settings};
use crate::password_races::{SESSIONS, held, kept_waiting};

const AUDIENCE: &str = "colink-api";

/// A world in which Ada has signed in by browser once.
struct Scene {
    world: World,
    provider: LocalProvider,
    ada: Someone,
    user_id: String,
    /// Where the program is, and nobody else whose events are in the stream.
    ip: IpAddr,
}

impl Scene {
    async fn start() -> Self {
        let provider = LocalProvider::start();
        let settings =
            provider.configure(settings(), SSO).set("oidc.providers.sso.exchange_audience", AUDIENCE);
        let world = World::with(settings).await;
        let ada = Someone::named("ada");
        let answer = Browser::new(&world).sign_in(&provider, &ada).await.expect(200);
        let ip = IpAddr::V6(Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(rand::random::<u64>())));
        Self { user_id: answer.text("/user/id"), world, provider, ada, ip }
    }

    fn claims(&self) -> Value {
        let now = SystemClock.now().timestamp();
        json!({
            "iss": self.provider.issuer(), "sub": self.ada.subject, "aud": [AUDIENCE, "account"], "typ": "Bearer",
            "iat": now, "exp": now + 300, "azp": "another-client"
        })
    }

    /// Whether a session of the token may give the account its first password.
    async fn may_set_password(&self, session: &Answer) -> bool {
        let client = self.world.session(session).client;
        let answer = client.post("/auth/set-password", &json!({ "new_password": PASSWORD })).await;
        if answer.status == 200 {
            return true;
        }
        assert_eq!(answer.expect(403).error_code(), "REAUTHENTICATION_REQUIRED");
        false
    }

    async fn exchange(&self, typ: &str, claims: &Value) -> Answer {
        let body = json!({"provider": SSO, "subject_token": self.provider.issue(typ, claims)});
        let client = self.world.anonymous().with_header("x-forwarded-for", &self.ip.to_string());
        client.post("/auth/token-exchange", &body).await
    }
}

/// an access token made for this installation is exchanged, in both forms that providers have.
#[tokio::test]
async fn a_providers_access_token_becomes_ours() {
    let scene = Scene::start().await;
    let mut rfc9068 = scene.claims();
    rfc9068.as_object_mut().unwrap().remove("typ");
    rfc9068["aud"] = json!(AUDIENCE);
    for (typ, claims) in [("JWT", scene.claims()), ("at+jwt", rfc9068)] {
        let answer = scene.exchange(typ, &claims).await.expect(200);
        let session = scene.world.session(&answer);
        assert_eq!(session.user_id, scene.user_id);
        session.client.get("/auth/me").await.expect(200);
    }
}

/// nothing else is: no ID token, no token for others, none that is forged or over, and nobody who has no account.
#[tokio::test]
async fn other_tokens_are_refused() {
    let scene = Scene::start().await;
    let now = SystemClock.now().timestamp();
    for (name, value) in [
        ("typ", json!("ID")),
        ("typ", Value::Null),
        ("typ", json!("Refresh")),
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
        let refused = scene.exchange("JWT", &claims).await.expect(401);
        assert_eq!(refused.error_code(), "TOKEN_INVALID", "{name} {value}");
    }
    let mut stranger = scene.claims();
    stranger["sub"] = json!("somebody else");
    assert_eq!(scene.exchange("JWT", &stranger).await.expect(403).error_code(), "FORBIDDEN");
    scene.provider.behave(|behaviour| behaviour.signed = Signed::Forged);
    scene.exchange("JWT", &scene.claims()).await.expect(401);
}

/// of a token that the provider made the audit log is told why it opens nothing; nobody fills it with others.
#[tokio::test]
async fn refusals_of_sound_tokens_are_told() {
    let scene = Scene::start().await;
    for signed in [Signed::Forged, Signed::NextEs256] {
        scene.provider.behave(|behaviour| behaviour.signed = signed);
        scene.exchange("JWT", &scene.claims()).await.expect(401);
    }
    scene.provider.behave(|behaviour| behaviour.signed = Signed::Es256);
    let (mut foreign, mut stranger) = (scene.claims(), scene.claims());
    foreign["aud"] = json!("another");
    scene.exchange("JWT", &foreign).await.expect(401);
    stranger["sub"] = json!("somebody else");
    scene.exchange("JWT", &stranger).await.expect(403);
    sqlx::query("update users set suspended_at = now()").execute(scene.world.database()).await.unwrap();
    scene.exchange("JWT", &scene.claims()).await.expect(403);

    let is_ours = |envelope: &Envelope| {
        let ip = envelope.actor.as_ref().and_then(|actor| actor.ip);
        envelope.is::<LoginFailed>() && ip == Some(scene.ip)
    };
    let mut users = scene.world.stage.probe(Topic::Users).await;
    let is_his = |event: &LoginFailed| event.user_id.is_some_and(|id| id.to_string() == scene.user_id);
    let (event, _) = users.await_event::<LoginFailed>(is_his).await;
    assert_eq!(event.reason, "suspended");
    users
        .await_envelope("the stranger", |envelope| {
            let reason = envelope.open::<LoginFailed>().map(|event| event.reason);
            is_ours(envelope) && reason.is_ok_and(|reason| reason == "oidc_not_registered")
        })
        .await;
    let failed = users.seen().iter().filter(|envelope| is_ours(envelope));
    let failed = failed.map(|envelope| envelope.open::<LoginFailed>().unwrap());
    let of_nobody: Vec<String> =
        failed.filter(|event| event.user_id.is_none()).map(|event| event.reason).collect();
    assert_eq!(of_nobody, ["oidc_provider_error", "oidc_not_registered"]);
}

/// a token that is being exchanged while its identity is unlinked opens nothing, whether the user unlinks it, who locks
/// his row first, or it goes with its provider.
#[tokio::test]
async fn an_exchange_does_not_outlive_its_link() {
    for by_user in [true, false] {
        let scene = Scene::start().await;
        let (world, claims) = (&scene.world, scene.claims());
        let unlink = sqlx::query("delete from identities");
        let (mut unlinking, late) = if by_user {
            (held(world, &scene.ada.username).await, Some(unlink))
        } else {
            let mut unlinking = world.database().begin().await.unwrap();
            unlink.execute(&mut *unlinking).await.unwrap();
            (unlinking, None)
        };
        let rest = async {
            kept_waiting(world, 1).await;
            if let Some(unlink) = late {
                unlink.execute(&mut *unlinking).await.unwrap();
            }
            unlinking.commit().await.unwrap();
        };
        let (answer, ()) = join(scene.exchange("JWT", &claims), rest).await;
        assert_eq!(answer.expect(403).error_code(), "FORBIDDEN", "{by_user}");
        assert_eq!(world.count(SESSIONS, &scene.ada.username).await, 1, "{by_user}: that of the browser");
    }
}

/// a token is a proof of the moment of the sign-in at the provider: a stolen one, or one that does not say, changes
/// nothing that guards the account.
#[tokio::test]
async fn a_token_is_as_fresh_as_its_sign_in() {
    let scene = Scene::start().await;
    let now = SystemClock.now().timestamp();
    assert!(!scene.may_set_password(&scene.exchange("JWT", &scene.claims()).await.expect(200)).await);
    for (auth_time, fresh) in [
        (Value::Null, false),
        (json!("now"), false),
        (json!(now - 3600), false),
        (json!(now + 3600), false),
        (json!(now - 60), true),
    ] {
        let mut claims = scene.claims();
        claims["auth_time"] = auth_time.clone();
        let session = scene.exchange("JWT", &claims).await.expect(200);
        assert_eq!(scene.may_set_password(&session).await, fresh, "{auth_time}");
    }
}

/// a second factor that goes with it makes it no fresher.
#[tokio::test]
async fn a_second_factor_makes_a_token_no_fresher() {
    let scene = Scene::start().await;
    let world = &scene.world;
    let signed_in = Browser::new(world).sign_in(&scene.provider, &scene.ada).await.expect(200);
    let mut key = Authenticator::without_verification();
    world.passkey(&world.session(&signed_in), &mut key).await;
    for (age_s, fresh) in [(3600, false), (60, true)] {
        let mut claims = scene.claims();
        claims["auth_time"] = json!(SystemClock.now().timestamp() - age_s);
        let ticket = scene.exchange("JWT", &claims).await.expect(200).text("/mfa_ticket");
        let session = touch(world, &ticket, &mut key).await.expect(200);
        assert_eq!(scene.may_set_password(&session).await, fresh, "{age_s}");
    }
}

/// only where it is configured, and its body is read strictly.
#[tokio::test]
async fn an_exchange_is_offered_where_it_is_configured() {
    let provider = LocalProvider::start();
    let world = World::with(provider.configure(settings(), SSO)).await;
    let client = world.anonymous();
    let path = "/auth/token-exchange";
    for key in [SSO, "unknown"] {
        refuses_values(&client, path, json!({"provider": key, "subject_token": "x"}), &["provider"]).await;
    }
    refuses_values(&client, path, json!({}), &["provider", "subject_token"]).await;
    refuses_malformed(&client, Method::POST, path, "provider").await;
}
