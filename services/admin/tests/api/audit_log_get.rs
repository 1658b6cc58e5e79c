use colink_core::clock::SystemClock;
use colink_core::id::EventId;

use crate::harness::{World, by};

/// D-3: one entry by the id of its event; a caller that has it already is told so.
#[actix_web::test]
async fn an_entry_is_found_by_the_id_of_its_event() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let id = world.publish(&world.removal(ben.id), &by(&ann)).await;
    world.entry(id).await;
    let path = format!("/admin/audit-log/{id}");
    let found = world.root.get(&path).await.expect(200);
    assert_eq!(found.text("/id"), id.to_string());
    let known = world.root.with_header("if-none-match", found.header("etag").unwrap());
    known.get(&path).await.expect(304);
    // Ids are read in either case.
    world.root.get(&format!("/admin/audit-log/{}", id.to_string().to_uppercase())).await.expect(200);
    world.finish().await;
}

/// T-4: bad ids are refused, unknown ones are not found.
#[actix_web::test]
async fn bad_and_unknown_ids_are_told_apart() {
    let world = World::new().await;
    let unknown = world.root.get(&format!("/admin/audit-log/{}", EventId::generate(&SystemClock))).await;
    assert_eq!(unknown.expect(404).error_code(), "NOT_FOUND");
    for id in ["x", "%00", "01942000", "{\"$ne\":1}", "01942000-0000-7000-8000-00000000000g", "%ED%A0%80"] {
        let refused = world.root.get(&format!("/admin/audit-log/{id}")).await.expect(400);
        assert_eq!(refused.error_fields(), ["id"], "{id}");
        assert_eq!(refused.error_code(), "VALIDATION_ERROR", "{id}");
    }
    world.finish().await;
}
