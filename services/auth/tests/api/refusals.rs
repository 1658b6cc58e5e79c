//! What every endpoint refuses, whatever it is for.

use std::time::Duration;

use colink_test::{AUDIENCE, assert_bounds, assert_refusals, unique};

use crate::harness::{World, clock, settings};
use crate::mfa_harness::Timed;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code. Its tokens are the service's own: one is made
/// for another audience, one is too old.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let (clock, email) = (clock(), format!("root.{}@example.test", unique()));
    let settings = settings().clock(clock.clone()).set("bootstrap.admin_email", email.as_str());
    let mut world = World::with(settings.set("auth.audience", "another")).await;
    let mut root = world.stranger("root");
    root.email = email;
    world.register(&root).await.expect(201);
    let mail = world.verification_mail(&root).await.token();
    world.verify(&mail).await.expect(200);
    let elsewhere = world.login(&root).await.access;
    world.service.change("auth.audience", AUDIENCE);
    world.service.restart().await;
    let expired = world.login(&root).await.access;
    // Longer than an access token lives, with the leeway.
    clock.advance(Duration::from_secs(1000));
    let session = world.login(&root).await;

    let mut bad_tokens = world.stage.identity().bad_tokens(&world.stage.identity().user("mallory"));
    // Whoever did not sign it, it is the wrong signature that is told.
    bad_tokens.retain(|(_, code)| *code != "TOKEN_EXPIRED");
    bad_tokens.push((Some(expired), "TOKEN_EXPIRED"));
    bad_tokens.push((Some(elsewhere), "TOKEN_INVALID"));
    // It reads API keys alone, and no access token of whatever age.
    let unless = [("POST /auth/api-keys/token", 401)];
    assert_refusals(&world.anonymous(), &session.access, &bad_tokens, &unless).await;
}

/// T-4: every endpoint keeps the bounds that the document states.
#[tokio::test]
async fn every_endpoint_keeps_its_bounds() {
    let timed = Timed::start().await;
    let (_, session) = timed.admin("root").await;
    let unless = [
        // Of another length it is a token that never was, and the session is over.
        ("POST /auth/refresh", "refresh_token", 401),
        ("POST /auth/mfa/verify", "mfa_ticket", 401),
        ("POST /auth/mfa/passkey/start", "mfa_ticket", 401),
        ("POST /auth/mfa/passkey/finish", "mfa_ticket", 401),
        // Whose it would be is looked at first.
        ("POST /auth/token-exchange", "subject_token", 400),
        ("POST /auth/oidc/workspaces/{workspace_id}/providers", "*", 404),
        ("PUT /auth/oidc/workspaces/{workspace_id}/providers/{provider_id}", "*", 404),
        // An empty one is none.
        ("POST /users/me/status", "emoji", 200),
    ];
    assert_bounds(&timed.world.anonymous(), &session.access, &unless).await;
}
