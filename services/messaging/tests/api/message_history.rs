use colink_test::Answer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::World;

fn contents(page: &Answer) -> Vec<String> {
    let text = |item: &Value| item["content"].as_str().unwrap().to_owned();
    page.value("/items").as_array().unwrap().iter().map(text).collect()
}

/// M-9: newest first; before, after and around a number or a message; cursors in both directions; pages.
#[actix_web::test]
async fn history_is_read_from_anywhere() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let mut ids = Vec::new();
    for n in 1..=7 {
        ids.push(ada.says(channel, &n.to_string()).await.text("/id"));
    }
    let list =
        async |query: &str| ada.client.get(&format!("/channels/{channel}/messages{query}")).await.expect(200);
    assert_eq!(contents(&list("").await), ["7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(contents(&list("?limit=2").await), ["7", "6"]);
    assert_eq!(contents(&list("?before=4&limit=2").await), ["3", "2"]);
    assert_eq!(contents(&list(&format!("?before={}&limit=2", ids[3])).await), ["3", "2"]);
    assert_eq!(contents(&list("?after=4&limit=2").await), ["6", "5"]);
    assert_eq!(contents(&list("?around=4&limit=3").await), ["5", "4", "3"]);
    assert_eq!(contents(&list(&format!("?around={}&limit=1", ids[6])).await), ["7"]);
    assert_eq!(contents(&list("?around=7&limit=3").await), ["7", "6", "5"], "a full page at the end");
    assert_eq!(contents(&list("?page=2&limit=3").await), ["4", "3", "2"]);
    assert_eq!(contents(&list("?before=1").await), Vec::<String>::new());
    assert_eq!(contents(&list("?after=7").await), Vec::<String>::new());

    for (start, expected) in [
        ("?limit=3", vec!["7", "6", "5", "4", "3", "2", "1"]),
        ("?after=0&limit=3", vec!["3", "2", "1", "6", "5", "4", "7"]),
    ] {
        let (mut page, mut walked) = (list(start).await, Vec::new());
        loop {
            walked.extend(contents(&page));
            let Value::String(cursor) = page.value("/next_cursor") else { break };
            page = list(&format!("?cursor={cursor}&limit=3")).await;
        }
        assert_eq!(walked, expected, "{start}");
    }
    // The direct conversation's path is the same thing.
    let alias = ada.client.get(&format!("/dms/{channel}/messages?limit=1")).await.expect(200);
    assert_eq!(contents(&alias), ["7"]);
    world.finish().await;
}

/// M-9, M-5, M-6, M-7: a page shows authors, reactions and threads; a deleted message only while a thread hangs on it.
#[actix_web::test]
async fn a_page_shows_everything_beside_a_message() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let root = ada.says(channel, "root").await.text("/id");
    let lone = ada.says(channel, "lone").await.text("/id");
    bob.replies(&root, "reply").await;
    let shown = json!({ "content": "both", "also_in_channel": true });
    bob.client.post(&format!("/messages/{root}/threads"), &shown).await.expect(201);
    for person in [&bob, &ada] {
        let path = format!("/messages/{root}/reactions");
        person.client.post(&path, &json!({ "emoji": ":thumbsup:" })).await.expect(201);
    }
    let path = format!("/channels/{channel}/messages");
    let page = ada.client.get(&path).await.expect(200);
    assert_eq!(contents(&page), ["both", "lone", "root"]);
    assert_eq!(page.value("/items/2/thread/reply_count"), json!(2));
    assert_eq!(page.value("/items/2/thread/participants"), json!([bob.id()]));
    let group = json!([{ "emoji": "👍", "count": 2, "me": true, "user_ids": [bob.id(), ada.id()] }]);
    assert_eq!(page.value("/items/2/reactions"), group);
    assert_eq!(page.text("/items/0/author/username"), bob.user.username);

    for id in [&root, &lone] {
        ada.client.delete(&format!("/messages/{id}")).await.expect(204);
    }
    let page = ada.client.get(&path).await.expect(200);
    assert_eq!(contents(&page), ["both", ""]);
    assert_eq!(page.value("/items/1/reactions"), json!([]));
    assert_ne!(page.value("/items/1/deleted_at"), Value::Null);
    world.finish().await;
}

/// M-9: a page that has not changed is not sent again.
#[actix_web::test]
async fn an_unchanged_page_is_not_sent_again() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let id = ada.says(channel, "x").await.text("/id");
    for path in [format!("/channels/{channel}/messages"), format!("/messages/{id}")] {
        let tag = ada.client.get(&path).await.expect(200).header("etag").unwrap().to_owned();
        let again = ada.client.request(Method::GET, &path).header("If-None-Match", &tag).send().await;
        assert_eq!(again.status, 304);
        ada.client.put(&format!("/messages/{id}"), &json!({ "content": path })).await.expect(200);
        ada.client.request(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(200);
    }
    world.finish().await;
}
