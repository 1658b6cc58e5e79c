//! `Idempotency-Key`: what the document says and what the routes do.

use colink_test::assert_idempotency_keys;

use crate::harness::World;

/// G-6: a call takes the key if and only if the document lists it.
#[tokio::test]
async fn the_document_lists_the_key_where_it_is_taken() {
    let world = World::start().await;
    assert_idempotency_keys(&world.service, &world.anonymous()).await;
}
