use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_test::{Answer, TestUser};
use serde_json::Value;

use crate::harness::{PNG, TEXT, World};

async fn list(world: &World, user: &TestUser, query: &str) -> Answer {
    world.client(user).get(&format!("/files?{query}")).await
}

fn names(answer: &Answer) -> Vec<String> {
    let items: Vec<Value> = serde_json::from_value(answer.value("/items")).unwrap();
    items.iter().map(|item| item["filename"].as_str().unwrap().to_owned()).collect()
}

/// F-1: by channel, user and type, in pages, in three orders.
#[tokio::test]
async fn files_are_listed_filtered_sorted_and_paged() {
    let world = World::start().await;
    let channel = format!("channel_id={}", world.channel.id);
    let _ = world.uploaded(&world.alice, "b.txt", "text/plain", b"bb").await;
    let _ = world.uploaded(&world.bob, "A.png", "image/png", PNG).await;
    let _ = world.uploaded(&world.alice, "c.csv", "text/csv", b"c,c").await;
    let _ = world.pending(&world.alice, "pending.txt", "text/plain", TEXT).await;
    let gone = world.uploaded(&world.alice, "gone.txt", "text/plain", TEXT).await;
    let _ = world.client(&world.alice).delete(&format!("/files/{gone}")).await.expect(204);

    let all = list(&world, &world.bob, &channel).await.expect(200);
    assert_eq!(names(&all), ["c.csv", "A.png", "b.txt"], "the newest first");
    assert_eq!((all.value("/total"), all.value("/pages")), (3.into(), 1.into()));
    for (query, expected) in [
        ("sort=created_at", vec!["b.txt", "A.png", "c.csv"]),
        ("sort=filename", vec!["A.png", "b.txt", "c.csv"]),
        ("sort=-filename", vec!["c.csv", "b.txt", "A.png"]),
        ("sort=size", vec!["b.txt", "c.csv", "A.png"]),
        ("sort=-size", vec!["A.png", "c.csv", "b.txt"]),
        ("type=image", vec!["A.png"]),
        ("type=text", vec!["c.csv", "b.txt"]),
        ("type=text/csv", vec!["c.csv"]),
        ("type=video", vec![]),
        ("page_size=2", vec!["c.csv", "A.png"]),
        ("page_size=2&page=2", vec!["b.txt"]),
        ("page_size=2&page=3", vec![]),
    ] {
        let answer = list(&world, &world.bob, &format!("{channel}&{query}")).await.expect(200);
        assert_eq!(names(&answer), expected, "{query}");
    }
    let of_alice =
        list(&world, &world.bob, &format!("{channel}&user_id={}", world.alice.id)).await.expect(200);
    assert_eq!(names(&of_alice), ["c.csv", "b.txt"]);
    world.files.finish().await;
}

/// F-5: without a channel, every channel that the caller may read.
#[tokio::test]
async fn a_workspace_is_listed_as_far_as_the_caller_may_read_it() {
    let world = World::start().await;
    let open = world.channels.channel(world.channel.workspace_id, "public");
    world.channels.join(open, world.alice.id, "member");
    let _ = world.uploaded(&world.alice, "secret.txt", "text/plain", TEXT).await;
    let _ = world.uploaded_in(open, &world.alice, "open.txt", TEXT).await;
    let workspace = format!("workspace_id={}", world.channel.workspace_id);

    let all = list(&world, &world.alice, &workspace).await.expect(200);
    assert_eq!(names(&all), ["open.txt", "secret.txt"]);
    assert_eq!(names(&list(&world, &world.carol, &workspace).await.expect(200)), ["open.txt"]);
    let header =
        world.client(&world.carol).with_header("x-workspace-id", &world.channel.workspace_id.to_string());
    assert_eq!(names(&header.get("/files").await.expect(200)), ["open.txt"]);

    let _ = list(&world, &world.eve, &workspace).await.expect(404);
    assert_eq!(list(&world, &world.alice, "").await.expect(400).error_code(), "WORKSPACE_REQUIRED");
    world.files.finish().await;
}

/// F-1, F-5
#[tokio::test]
async fn bad_queries_and_foreign_channels_are_refused() {
    let world = World::start().await;
    let channel = format!("channel_id={}", world.channel.id);
    for (query, fields) in [
        (
            "channel_id=x&user_id=y&type=z&sort=up&page=0&page_size=101",
            vec!["channel_id", "user_id", "type", "sort", "page", "page_size"],
        ),
        ("page_size=0", vec!["page_size"]),
        ("page=-1", vec!["page"]),
        ("page=two", vec!["page"]),
        ("limit=3", vec!["limit"]),
        ("type=%00", vec!["type"]),
        ("type=a/b/c", vec!["type"]),
    ] {
        let query =
            if query.starts_with("channel_id") { query.to_owned() } else { format!("{channel}&{query}") };
        let answer = list(&world, &world.alice, &query).await.expect(400);
        assert_eq!(answer.error_fields(), fields, "{answer}");
    }
    let _ = list(&world, &world.alice, &format!("{channel}&page_size=100&page=4294967295")).await.expect(200);
    let _ = list(&world, &world.carol, &channel).await.expect(403);
    let _ = list(&world, &world.eve, &channel).await.expect(404);
    let _ = list(&world, &world.alice, &format!("channel_id={}", ChannelId::generate(&SystemClock)))
        .await
        .expect(404);
    let elsewhere = WorkspaceId::generate(&SystemClock);
    let _ = list(&world, &world.alice, &format!("{channel}&workspace_id={elsewhere}")).await.expect(404);
    let _ = world.files.anonymous().get("/files").await.expect(401);
    world.files.finish().await;
}
