//! What every endpoint refuses, whatever it is for.

use colink_test::assert_refusals;

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
