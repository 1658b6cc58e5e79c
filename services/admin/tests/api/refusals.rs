//! What every endpoint refuses, whatever it is for.

use colink_test::{assert_bounds, assert_refusals};

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::new().await;
    let (identity, root) = (world.stage.identity(), world.stage.identity().admin("root"));
    let bad_tokens = identity.bad_tokens(&root);
    assert_refusals(&world.admin.anonymous(), &identity.token(&root), &bad_tokens, &[]).await;
}

/// T-4: every endpoint keeps the bounds that the document states.
#[tokio::test]
async fn every_endpoint_keeps_its_bounds() {
    let world = World::new().await;
    let identity = world.stage.identity();
    let token = identity.token(&identity.admin("root"));
    assert_bounds(&world.admin.anonymous(), &token, &[]).await;
}
