//! `GET /channels`.

use serde_json::json;

use crate::harness::{World, texts};

/// C-1, C-2: everybody sees public channels and his own; guests only their own.
#[tokio::test]
async fn a_list_shows_public_channels_and_mine() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    let alan = world.member(&ada, &workspace, "alan", "member").await;
    let gus = world.member(&ada, &workspace, "gus", "guest").await;
    world.channel(&ada, &workspace, "engines", "public").await;
    let secret = world.channel(&ada, &workspace, "secret", "private").await;
    let dm = json!({ "workspace_id": workspace, "participant_ids": [alan.id] });
    world.client(&ada).post("/dms", &dm).await.expect(201);
    let names = async |user: &colink_test::TestUser, query: &str| {
        let path = format!("/channels?workspace_id={workspace}{query}");
        texts(&world.client(user).get(&path).await.expect(200), "/name")
    };
    assert_eq!(names(&ada, "").await, ["engines", "general", "secret"]);
    assert_eq!(names(&alan, "").await, ["engines", "general"]);
    assert_eq!(names(&alan, "&member=true").await, ["general"]);
    assert_eq!(names(&gus, "").await, ["general"]);
    let path = format!("/channels/{secret}/members");
    world.client(&ada).post(&path, &json!({ "user_id": gus.id })).await.expect(200);
    assert_eq!(names(&gus, "").await, ["general", "secret"]);
    assert_eq!(names(&ada, "&kind=private").await, ["secret"]);
}

/// C-1: search, sorting, paging, and the archive apart.
#[tokio::test]
async fn a_list_is_searched_sorted_and_paged() {
    let world = World::start().await;
    let ada = world.user("ada");
    let workspace = world.workspace(&ada).await;
    world.channel(&ada, &workspace, "Zebra", "public").await;
    let apple = world.channel(&ada, &workspace, "apple", "public").await;
    let client = world.client(&ada);
    client.put(&format!("/channels/{apple}"), &json!({ "topic": "Pie 100%" })).await.expect(200);
    let list = async |query: &str| {
        client.get(&format!("/channels?workspace_id={workspace}{query}")).await.expect(200)
    };
    assert_eq!(texts(&list("").await, "/name"), ["apple", "general", "Zebra"]);
    assert_eq!(texts(&list("&sort=-name").await, "/name"), ["Zebra", "general", "apple"]);
    assert_eq!(texts(&list("&sort=created_at").await, "/name"), ["general", "Zebra", "apple"]);
    assert_eq!(texts(&list("&sort=-created_at&page_size=1").await, "/name"), ["apple"]);
    assert_eq!(texts(&list("&q=EBR").await, "/name"), ["Zebra"]);
    assert_eq!(texts(&list("&q=100%25").await, "/name"), ["apple"]);
    let second = list("&page=2&page_size=2").await;
    assert_eq!((texts(&second, "/name"), second.value("/total")), (vec!["Zebra".to_owned()], json!(3)));
    client.delete(&format!("/channels/{apple}")).await.expect(204);
    assert_eq!(texts(&list("").await, "/name"), ["general", "Zebra"]);
    assert_eq!(texts(&list("&archived=true").await, "/name"), ["apple"]);

    let bad = format!("/channels?workspace_id={workspace}&kind=dm&sort=size&page=0&q={}", "q".repeat(81));
    assert_eq!(client.get(&bad).await.expect(400).error_fields(), ["page", "q", "kind", "sort"]);
}
