//! What every endpoint refuses, whatever it is for.

use colink_test::assert_refusals;

use crate::harness::Node;

/// T-4: every endpoint refuses bad tokens, bodies and ids with the right code.
#[tokio::test]
async fn every_endpoint_refuses_what_is_wrong() {
    let node = Node::start().await;
    let (identity, user) = (node.stage.identity(), node.user("ada"));
    let bad_tokens = identity.bad_tokens(&user);
    assert_refusals(&node.service.anonymous(), &identity.token(&user), &bad_tokens, &[]).await;
}
