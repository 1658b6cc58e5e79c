use bytes::Bytes;
use colink_test::{Answer, Settings, TestUser};
use reqwest::StatusCode;

use crate::harness::{PNG, TEXT, World, browser, bucket, id_of, put};

async fn ask(world: &World, user: &TestUser, id: &str) -> Answer {
    world.client(user).get(&format!("/files/{id}/download-url")).await
}

/// F-1, F-5: a download is saved under its name, with its bytes, and shows nothing.
#[tokio::test]
async fn a_download_brings_the_bytes_as_an_attachment() {
    let world = World::start().await;
    let id = world.uploaded(&world.alice, "Grüße.png", "image/png", PNG).await;
    let ticket = ask(&world, &world.bob, &id).await.expect(200);
    assert_eq!(ticket.text("/content_type"), "image/png");
    let url = ticket.text("/download_url");
    assert!(url.contains("X-Amz-Expires=300"), "{url}");

    let answer = browser().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "image/png");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment;") && disposition.contains("Gr%C3%BC%C3%9Fe.png"),
        "{disposition}"
    );
    assert_eq!(answer.bytes().await.unwrap(), PNG);

    let forged = url.replacen("attachment", "inline", 1);
    assert_eq!(browser().get(&forged).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    world.files.finish().await;
}

/// F-5: what a browser would run is served as bytes, even where it may be uploaded.
#[tokio::test]
async fn a_page_is_not_served_as_one() {
    let types = vec!["text/html".to_owned()];
    let world = World::with(Settings::new().set("files.allowed_types", types)).await;
    let id = world.uploaded(&world.alice, "evil.html", "text/html", b"<script>alert(1)</script>").await;
    let url = ask(&world, &world.alice, &id).await.expect(200).text("/download_url");
    let answer = browser().get(&url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    world.files.finish().await;
}

/// F-5, C-6: pending, deleted, not a member, not a member any more.
#[tokio::test]
async fn a_url_is_only_for_those_who_may_read_the_channel_now() {
    let world = World::start().await;
    let id = world.pending(&world.alice, "diary.txt", "text/plain", TEXT).await;
    assert_eq!(ask(&world, &world.alice, &id).await.expect(409).error_code(), "CONFLICT", "pending");
    let _ = ask(&world, &world.bob, &id).await.expect(404);

    let _ = world.confirm(&world.alice, &id).await.expect(200);
    let _ = ask(&world, &world.bob, &id).await.expect(200);
    assert_eq!(ask(&world, &world.carol, &id).await.expect(403).error_code(), "FORBIDDEN");
    assert_eq!(ask(&world, &world.eve, &id).await.expect(404).error_code(), "NOT_FOUND");
    let _ = world.files.anonymous().get(&format!("/files/{id}/download-url")).await.expect(401);

    world.channels.leave(world.channel, world.bob.id);
    let _ = ask(&world, &world.bob, &id).await.expect(403);

    let _ = world.client(&world.alice).delete(&format!("/files/{id}")).await.expect(204);
    let _ = ask(&world, &world.alice, &id).await.expect(404);
    world.files.finish().await;
}

/// F-1: whoever uploads again after the check changes nothing, not even for a download URL that was given out before.
#[tokio::test]
async fn an_upload_after_the_check_changes_nothing() {
    let world = World::start().await;
    let ticket = world.ticket(&world.alice, "diary.txt", "text/plain", TEXT.len()).await;
    let id = id_of(&ticket);
    assert!(put(&ticket, TEXT).await.is_success());
    let _ = world.confirm(&world.alice, &id).await.expect(200);
    let before = ask(&world, &world.bob, &id).await.expect(200).text("/download_url");
    assert!(put(&ticket, &TEXT.to_ascii_uppercase()).await.is_success());
    let after = ask(&world, &world.bob, &id).await.expect(200).text("/download_url");
    for url in [before, after] {
        let answer = browser().get(url).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), TEXT);
    }
    world.files.finish().await;
}

/// F-1: what somebody with the keys of the storage put in place of the checked bytes is not given out.
#[tokio::test]
async fn bytes_that_were_replaced_after_the_check_are_not_given_out() {
    let world = World::start().await;
    let id = world.uploaded(&world.alice, "diary.txt", "text/plain", TEXT).await;
    let _ = ask(&world, &world.bob, &id).await.expect(200);
    let other = Bytes::from(TEXT.to_ascii_uppercase());
    bucket().await.put(&world.object_key(&id).await, other, "text/plain").await.unwrap();
    assert_eq!(ask(&world, &world.bob, &id).await.expect(409).error_code(), "CONFLICT");
    world.files.finish().await;
}
