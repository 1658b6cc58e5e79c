//! What every endpoint refuses, whatever it is for.

use colink_test::{assert_bounds, assert_refusals};

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::start().await;
    let identity = world.stage.identity();
    let bad_tokens = identity.bad_tokens(&world.alice);
    assert_refusals(&world.files.anonymous(), &identity.token(&world.alice), &bad_tokens, &[]).await;
}

/// T-4: every endpoint keeps the bounds that the document states.
#[tokio::test]
async fn every_endpoint_keeps_its_bounds() {
    let world = World::start().await;
    let token = world.stage.identity().token(&world.alice);
    assert_bounds(&world.files.anonymous(), &token, &[]).await;
}
