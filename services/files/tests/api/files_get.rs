use colink_core::clock::SystemClock;
use colink_core::id::FileId;
use reqwest::Method;

use crate::harness::{TEXT, World};

/// F-1, F-5
#[tokio::test]
async fn a_file_is_seen_by_its_channel_only() {
    let world = World::start().await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let path = format!("/files/{id}");
    assert_eq!(world.client(&world.alice).get(&path).await.expect(200).text("/status"), "pending");
    let _ = world.client(&world.bob).get(&path).await.expect(404);

    let _ = world.confirm(&world.alice, &id).await.expect(200);
    let seen = world.client(&world.bob).get(&path).await.expect(200);
    assert_eq!(seen.text("/content_type"), "text/plain");
    assert_eq!(seen.value("/size"), TEXT.len());
    let tag = seen.header("etag").unwrap();
    let again =
        world.client(&world.bob).request(Method::GET, &path).header("if-none-match", tag).send().await;
    let _ = again.expect(304);

    assert_eq!(world.client(&world.carol).get(&path).await.expect(403).error_code(), "FORBIDDEN");
    assert_eq!(world.client(&world.eve).get(&path).await.expect(404).error_code(), "NOT_FOUND");
    let _ = world.files.anonymous().get(&path).await.expect(401);
    let unknown = format!("/files/{}", FileId::generate(&SystemClock));
    let _ = world.client(&world.alice).get(&unknown).await.expect(404);
    let answer = world.client(&world.alice).get("/files/42").await.expect(400);
    assert_eq!(answer.error_fields(), ["file_id"]);
    assert_eq!(
        world.client(&world.alice).post(&path, &()).await.expect(405).error_code(),
        "METHOD_NOT_ALLOWED"
    );
    world.files.finish().await;
}
