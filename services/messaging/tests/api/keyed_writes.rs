//! `Idempotency-Key`: what the document says and what the routes do.

use colink_test::assert_idempotency_keys;

use crate::harness::World;

/// G-6: a call takes the key if and only if the document lists it.
#[actix_web::test]
async fn the_document_lists_the_key_where_it_is_taken() {
    let world = World::new().await;
    let ada = world.messaging.client(&world.stage.identity().user("ada"));
    assert_idempotency_keys(&world.messaging, &ada).await;
    world.finish().await;
}
