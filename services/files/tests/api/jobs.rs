use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_test::{SOON, Settings, eventually};

use crate::harness::{TEXT, World, bucket};

/// F-6: an upload that nobody confirms is gone after a day, with its object; a confirmed one stays.
#[tokio::test]
async fn an_orphaned_upload_expires_after_a_day() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let world = World::with(Settings::new().set("files.sweep_every_ms", 50).clock(clock.clone())).await;
    let orphan = world.pending(&world.alice, "orphan.txt", "text/plain", TEXT).await;
    let kept = world.uploaded(&world.alice, "kept.txt", "text/plain", TEXT).await;
    let key = world.upload_key(&orphan).await;
    let store = bucket().await;

    clock.advance(Duration::from_secs(24 * 60 * 60 - 60));
    clock.advance(Duration::from_secs(61));
    eventually("the document is gone", SOON, async || world.document(&orphan).await.is_none().then_some(()))
        .await;
    assert_eq!(store.head(&key).await.unwrap(), None);
    let document = world.document(&kept).await.unwrap();
    assert_eq!(document.get_str("status").unwrap(), "uploaded");
    assert!(store.head(&world.object_key(&kept).await).await.unwrap().is_some());
    assert_eq!(store.head(&world.upload_key(&kept).await).await.unwrap(), None);
    world.files.finish().await;
}

/// F-6: of a confirmed file nothing is left at its upload URL, whenever it is used.
#[tokio::test]
async fn what_an_upload_url_wrote_is_removed() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let world = World::with(Settings::new().set("files.sweep_every_ms", 50).clock(clock.clone())).await;
    let ticket = world.ticket(&world.alice, "notes.txt", "text/plain", TEXT.len()).await;
    let id = crate::harness::id_of(&ticket);
    assert!(crate::harness::put(&ticket, TEXT).await.is_success());
    let _ = world.confirm(&world.alice, &id).await.expect(200);
    let (key, store) = (world.upload_key(&id).await, bucket().await);
    let gone = async || store.head(&key).await.unwrap().is_none().then_some(());
    eventually("the upload is cleared away", SOON, gone).await;
    assert!(crate::harness::put(&ticket, TEXT).await.is_success());
    clock.advance(Duration::from_secs(3 * 60 * 60));
    eventually("what came late is cleared away", SOON, gone).await;
    eventually("it is settled", SOON, async || {
        (!world.document(&id).await.unwrap().contains_key("remove_at")).then_some(())
    })
    .await;
    assert!(store.head(&world.object_key(&id).await).await.unwrap().is_some());
    world.files.finish().await;
}

/// F-6: a PUT to the URL of a deleted file does not keep its bytes for ever.
#[tokio::test]
async fn bytes_that_come_after_the_deletion_are_removed_too() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let world = World::with(Settings::new().set("files.sweep_every_ms", 50).clock(clock.clone())).await;
    let ticket = world.ticket(&world.alice, "late.txt", "text/plain", TEXT.len()).await;
    let id = crate::harness::id_of(&ticket);
    let key = world.upload_key(&id).await;
    let _ = world.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
    let first = world.document(&id).await.unwrap().get_datetime("deleted_at").unwrap().timestamp_millis();
    eventually("the first removal", SOON, async || {
        let document = world.document(&id).await.unwrap();
        let next = document.get_datetime("remove_at").unwrap().timestamp_millis();
        (next > first).then_some(())
    })
    .await;
    assert!(crate::harness::put(&ticket, TEXT).await.is_success());
    clock.advance(Duration::from_secs(3 * 60 * 60));
    let store = bucket().await;
    eventually("the late bytes are removed", SOON, async || {
        store.head(&key).await.unwrap().is_none().then_some(())
    })
    .await;
    eventually("it is settled", SOON, async || {
        (!world.document(&id).await.unwrap().contains_key("remove_at")).then_some(())
    })
    .await;
    world.files.finish().await;
}
