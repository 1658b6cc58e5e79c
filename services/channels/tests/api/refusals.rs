//! What every endpoint refuses, whatever it is for.

use colink_test::{assert_bounds, assert_refusals};

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::start().await;
    let (identity, user) = (world.service.stage().identity(), world.user("ada"));
    let bad_tokens = identity.bad_tokens(&user);
    assert_refusals(&world.service.anonymous(), &identity.token(&user), &bad_tokens, &[]).await;
}

/// T-4: every endpoint keeps the bounds that the document states.
#[tokio::test]
async fn every_endpoint_keeps_its_bounds() {
    let world = World::start().await;
    let token = world.service.stage().identity().token(&world.user("ada"));
    let invites = ["POST /workspaces/{workspace_id}/invites", "POST /workspaces/{workspace_id}/invite"];
    let unless = invites.map(|endpoint| {
        // What is as short or as long as an address is not one yet, and that of the example can be accepted once.
        [(endpoint, "email", 400), (endpoint, "max_uses", 400)]
    });
    assert_bounds(&world.service.anonymous(), &token, unless.as_flattened()).await;
}
