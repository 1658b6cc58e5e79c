//! What every endpoint refuses, whatever it is for.

use colink_test::assert_refusals;

use crate::harness::World;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let world = World::start().await;
    let (identity, user) = (world.service.stage().identity(), world.user("ada"));
    let bad_tokens = identity.bad_tokens(&user);
    assert_refusals(&world.service.anonymous(), &identity.token(&user), &bad_tokens, &[]).await;
}
