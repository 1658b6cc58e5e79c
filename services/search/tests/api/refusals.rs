//! What every endpoint refuses, whatever it is for.

use colink_test::assert_refusals;

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::new().await;
    let identity = world.stage.identity();
    let bad_tokens = identity.bad_tokens(&world.ada);
    assert_refusals(&world.search.anonymous(), &identity.token(&world.ada), &bad_tokens, &[]).await;
}
