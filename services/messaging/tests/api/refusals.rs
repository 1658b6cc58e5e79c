//! What every endpoint refuses, whatever it is for.

use colink_test::{Settings, assert_bounds, assert_refusals};

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[actix_web::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::new().await;
    let (identity, ada) = (world.stage.identity(), world.person("ada").await);
    let bad_tokens = identity.bad_tokens(&ada.user);
    // The path names an emoji, which is looked at first.
    let unless = [("DELETE /messages/{message_id}/reactions/{emoji}", 400)];
    assert_refusals(&world.messaging.anonymous(), &identity.token(&ada.user), &bad_tokens, &unless).await;
    world.finish().await;
}

/// T-4: every endpoint keeps the bounds that the document states, where a message may be as long as can be configured.
#[actix_web::test]
async fn every_endpoint_keeps_its_bounds() {
    let world = World::with(Settings::new().set("messaging.max_content_chars", 16_000)).await;
    let ada = world.person("ada").await;
    let token = world.stage.identity().token(&ada.user);
    assert_bounds(&world.messaging.anonymous(), &token, &[]).await;
    world.finish().await;
}
