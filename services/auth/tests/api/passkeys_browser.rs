//! Passkeys in a real browser, with its own idea of what is right.

use colink_test::Environment;
use serde_json::Value;

use crate::authenticator::ORIGIN;
use crate::chromium::Chromium;
use crate::harness::{PASSWORD, World};

const PAGE: &str = include_str!("passkeys.html");

/// The page of a web client, in a browser with an authenticator; `None` without a browser on this machine.
async fn page(world: &World, verifies: bool) -> Option<Chromium> {
    let Some(mut browser) = Chromium::start("localhost:8000", world.service.addr()).await else {
        let what = "no Chromium is installed (`cargo xtask test -p auth` installs it on Debian)";
        Environment::get().pass_over(what, "COLINK_NO_BROWSER");
        return None;
    };
    browser.open(&format!("{ORIGIN}/passkeys.html"), PAGE).await;
    browser.plug_in(verifies).await;
    Some(browser)
}

/// Chromium registers a passkey, signs in with it alone and after the password, and proves an identity again.
#[tokio::test]
async fn a_browser_registers_and_signs_in() {
    let world = World::start().await;
    let Some(mut browser) = page(&world, true).await else { return };
    let (ada, session) = world.signed_in("ada").await;
    let passkey = browser.run(&format!("register('{}')", session.access)).await;
    assert_eq!((&passkey["name"], &passkey["passwordless"]), (&Value::from("Browser"), &Value::from(true)));
    assert_eq!(passkey["transports"], serde_json::json!(["internal"]));
    for _ in 0..2 {
        let signed_in = browser.run("login()").await;
        assert_eq!(signed_in["user"]["id"], session.user_id.as_str());
        let client = world.anonymous().bearer(signed_in["access_token"].as_str().unwrap());
        client.get("/auth/me").await.expect(200);
    }
    let script = format!("loginByPassword('{}', '{PASSWORD}')", ada.email);
    let signed_in = browser.run(&script).await;
    assert_eq!(signed_in["user"]["id"], session.user_id.as_str());
    let proven = browser.run(&format!("reauthenticate('{}')", session.access)).await;
    assert_eq!(proven["expires_in"], 600);
    let refused = browser.run(&format!("register('{}').catch((error) => error.name)", session.access)).await;
    assert_eq!(refused, "InvalidStateError", "the authenticator knows its passkey");
}
