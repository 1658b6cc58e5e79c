//! What every endpoint refuses, whatever it is for.

use colink_test::{assert_bounds, assert_refusals};

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::new().await;
    let identity = world.stage.identity();
    let bad_tokens = identity.bad_tokens(&world.ada);
    assert_refusals(&world.search.anonymous(), &identity.token(&world.ada), &bad_tokens, &[]).await;
}

/// T-4: every endpoint keeps the bounds that the document states.
#[tokio::test]
async fn every_endpoint_keeps_its_bounds() {
    let world = World::new().await;
    let token = world.stage.identity().token(&world.ada);
    assert_bounds(&world.search.anonymous(), &token, &[]).await;
}
