//! Tokens whose keys nobody knows, many at once, and providers that never answer.

use std::time::{Duration, Instant};

use colink_test::unique;
use futures_util::future::join_all;
use serde_json::json;

use super::SSO;
use super::gateway::{AUDIENCE, PATH, Scene};
use super::provider::{LocalProvider, Signed};
use crate::harness::{World, settings};

const KEYS: &str = "/realm/keys";
/// The gateway waits 2 s for an exchange. A machine that is busy with tests may take longer, but less than one call may take.
const PATIENCE: Duration = Duration::from_secs(4);
const TIMEOUT: &str = "oidc.timeout_ms";

/// anybody can write an id into a header, so unknown ones cost the provider one call, and a new key is found.
#[tokio::test]
async fn unknown_keys_cost_one_call() {
    let scene = Scene::with(&[("api_keys.failures_per_ip_per_minute", 0.into())]).await;
    scene.token(&scene.claims()).await;
    let before = scene.provider.calls(KEYS);
    let foreign = || scene.provider.issue_under(&unique(), &scene.claims());
    scene.provider.behave(|behaviour| behaviour.publishes_next_key = true);
    let at_once = join_all((0..20).map(|_| scene.bring(foreign()))).await;
    for answer in at_once {
        assert!(answer.expect(200).value("/access_token").is_null());
    }
    for _ in 0..5 {
        assert!(scene.bring(foreign()).await.expect(200).value("/access_token").is_null());
    }
    assert_eq!(scene.provider.calls(KEYS), before + 1);
    scene.provider.behave(|behaviour| behaviour.signed = Signed::NextEs256);
    scene.token(&scene.claims()).await;
}

/// a provider that never answers is told as that while the gateway still waits, and tokens with known keys go on.
#[tokio::test]
async fn a_provider_that_never_answers_is_told_in_time() {
    let scene = Scene::with(&[(TIMEOUT, 5000.into())]).await;
    scene.token(&scene.claims()).await;
    scene.provider.behave(|behaviour| behaviour.hangs = true);
    let (before, began) = (scene.provider.calls(KEYS), Instant::now());
    let unknown = async {
        let answer = scene.bring(scene.provider.issue_under("unheard-of", &scene.claims())).await;
        (answer, began.elapsed())
    };
    let known = async {
        scene.provider.await_calls(KEYS, before + 1).await;
        scene.token(&scene.claims()).await;
        began.elapsed()
    };
    let ((answer, told), served) = tokio::join!(unknown, known);
    assert_eq!(answer.expect(502).error_code(), "UPSTREAM_ERROR");
    assert!(served < told && told < PATIENCE, "served after {served:?}, told after {told:?}");
}

/// the same of one that never answered, whose document is not known.
#[tokio::test]
async fn a_provider_that_never_answered_is_told_in_time() {
    let provider = LocalProvider::start();
    let settings = provider.configure(settings(), SSO).set("oidc.providers.sso.exchange_audience", AUDIENCE);
    let world = World::with(settings.set(TIMEOUT, 5000)).await;
    provider.behave(|behaviour| behaviour.hangs = true);
    let body = json!({"issuer": provider.issuer(), "token": provider.issue("JWT", &json!({}))});
    let began = Instant::now();
    world.service.internal("gateway").post(PATH, &body).await.expect(502);
    assert!(began.elapsed() < PATIENCE, "told after {:?}", began.elapsed());
}

/// many wrong tokens at once are no way around the limit, and right ones do not use it up.
#[tokio::test]
async fn wrong_tokens_at_once_are_limited() {
    let scene = Scene::with(&[("api_keys.failures_per_ip_per_minute", 3.into())]).await;
    for _ in 0..5 {
        scene.token(&scene.claims()).await;
    }
    let mut wrong = scene.claims();
    wrong["aud"] = json!("another");
    let answers = join_all((0..20).map(|_| scene.present(&wrong))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (3, 17));
    scene.present(&scene.claims()).await.expect(429);
}
