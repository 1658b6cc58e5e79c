//! What is left of an erased user, and what he gets before.

use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{ChannelId, UserId};
use colink_events::users::{UserErased, UserPayload, UserUpdated};
use colink_test::{SOON, eventually};
use serde_json::{Value, json};

use crate::harness::{Person, World};

fn erased(user_id: UserId) -> UserErased {
    UserErased { user_id, email_hash: None, at: SystemClock.timestamp() }
}

fn updated(person: &Person, display_name: &str, version: i64) -> UserUpdated {
    UserUpdated(UserPayload {
        user_id: person.id(),
        username: person.user.username.clone(),
        display_name: display_name.to_owned(),
        avatar_url: None,
        status: None,
        time_zone: None,
        bot: false,
        version,
        at: SystemClock.timestamp(),
    })
}

/// Every table's rows as text: where `words` stand, whatever their capitals.
async fn found(world: &World, words: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(world.db())
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let query =
            format!("select t::text from \"{table}\" t where position(lower($1) in lower(t::text)) > 0");
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(words).fetch_all(world.db()).await.unwrap();
        found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    found
}

async fn done(world: &World, user: UserId) {
    let query = "select count(*) from users where user_id = $1 and version = 9223372036854775807
                 and former_username is null";
    world.await_count(query, user, 1).await;
}

/// history, threads, edits, the log and mentions name an erased user no more; what others are called stays.
#[actix_web::test]
async fn an_erased_user_is_named_nowhere() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let namesake = world.person(&format!("{}-x", ada.user.username)).await;
    let channel = world.public(&[&ada, &bob]).await;
    let name = ada.user.username.clone();
    let first = ada.says(channel, "the minutes").await;
    let path = format!("/messages/{}", first.text("/id"));
    ada.client.put(&path, &json!({ "content": "the *minutes*" })).await.expect(200);
    let gone = ada.says(channel, "regretted words").await;
    ada.client.delete(&format!("/messages/{}", gone.text("/id"))).await.expect(204);
    let calls = format!("ask @{name}, @{}.\nor @{}!", name.to_uppercase(), namesake.user.username);
    let mention = bob.says(channel, &calls).await;
    let revised = bob.says(channel, &format!("@{name} knows")).await;
    let path = format!("/messages/{}", revised.text("/id"));
    bob.client.put(&path, &json!({ "content": "nobody knows" })).await.expect(200);
    let withdrawn = bob.says(channel, &format!("@{name}?")).await;
    bob.client.delete(&format!("/messages/{}", withdrawn.text("/id"))).await.expect(204);
    let own = ada.says(channel, &format!("@{name} here")).await.text("/id");
    let here = json!({ "content": format!("@{} is here", name.to_uppercase()) });
    ada.client.put(&format!("/messages/{own}"), &here).await.expect(200);
    assert!(!found(&world, &name).await.is_empty());

    world.emit(&erased(ada.id())).await;
    done(&world, ada.id()).await;
    let left: Vec<String> = found(&world, &name)
        .await
        .into_iter()
        .filter(|row| row.to_lowercase().replace(&format!("{name}-x"), "").contains(&name))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    // People of other tests are called so too.
    let id = ada.id().to_string();
    let named = found(&world, "Dr. ada").await.into_iter().filter(|row| row.contains(&id));
    assert_eq!(named.collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!(found(&world, "regretted").await, Vec::<String>::new());

    let page = bob.client.get(&format!("/channels/{channel}/messages")).await.expect(200);
    let items = page.value("/items");
    let shown =
        items.as_array().unwrap().iter().find(|item| item["id"] == first.value("/id")).unwrap().clone();
    assert_eq!(shown["author"]["display_name"], "Deleted user");
    assert_eq!(shown["content"], "the *minutes*", "what was said stays");
    let alias = UserErased::username(ada.id());
    let called =
        items.as_array().unwrap().iter().find(|item| item["id"] == mention.value("/id")).unwrap().clone();
    let expected = format!("ask @{alias}, @{alias}.\nor @{}!", namesake.user.username);
    assert_eq!(called["content"], expected.as_str());
    let html = called["content_html"].as_str().unwrap();
    assert!(html.contains(&format!("data-user-id=\"{}\">@{alias}</span>", ada.id())), "{html}");
    assert_own(&bob, channel, &own, &alias).await;
    assert_log(&world, &bob, channel, &ada).await;
    world.finish().await;
}

/// Where he had named himself he goes by his new name, in the history, among the edits and in the log.
async fn assert_own(bob: &Person, channel: ChannelId, own: &str, alias: &str) {
    let (first, second) = (format!("@{alias} here"), format!("@{alias} is here"));
    let shown = bob.client.get(&format!("/messages/{own}")).await.expect(200);
    assert_eq!(shown.text("/content"), second);
    assert!(shown.text("/content_html").contains(&format!(">@{alias}</span> is here")));
    let edits = bob.client.get(&format!("/messages/{own}/edits")).await.expect(200);
    assert_eq!(edits.text("/items/0/content"), first);
    assert!(edits.text("/items/0/content_html").contains(&format!(">@{alias}</span> here")));
    let log = bob.client.get(&format!("/channels/{channel}/events?after=0&limit=500")).await.expect(200);
    let events = log.value("/events");
    let told = events.as_array().unwrap().iter().filter(|event| event["data"]["id"] == own);
    let told: Vec<&Value> = told.map(|event| &event["data"]["content"]).collect();
    assert_eq!(told, [&json!(first), &json!(second)]);
}

/// The log tells the same as the history.
async fn assert_log(world: &World, bob: &Person, channel: ChannelId, ada: &Person) {
    let log = bob.client.get(&format!("/channels/{channel}/events?after=0&limit=500")).await.expect(200);
    let events = log.value("/events");
    let authors: Vec<&Value> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["data"]["author"])
        .filter(|author| author["id"] == json!(ada.id()))
        .collect();
    assert_eq!(authors.len(), 5, "three messages and two edits");
    assert!(authors.iter().all(|author| author["display_name"] == "Deleted user"), "{authors:?}");
    assert_eq!(world.log(bob, channel).await.len(), events.as_array().unwrap().len());
}

/// A-12, E-3: a repeat, and a profile that comes late or is newer than any, bring no name back; nobody can mention him.
#[actix_web::test]
async fn erasing_is_final() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    ada.says(channel, "hi").await;
    world.emit(&erased(ada.id())).await;
    done(&world, ada.id()).await;
    world.emit(&updated(&ada, "Ada again", 7)).await;
    world.emit(&updated(&ada, "Ada again", i64::MAX)).await;
    world.emit(&erased(ada.id())).await;
    // One key, one order: an event of the same user that is known to be handled comes last.
    world.emit(&updated(&bob, "Bob", 2)).await;
    world.await_count("select count(*) from users where user_id = $1 and version = 2", bob.id(), 1).await;
    eventually("what came after the erasure is handled", SOON, async || {
        let page = bob.client.get(&format!("/channels/{channel}/messages")).await.expect(200);
        (page.text("/items/0/author/display_name") == "Deleted user").then_some(())
    })
    .await;
    assert_eq!(found(&world, "Ada again").await, Vec::<String>::new());
    for name in [ada.user.username.clone(), UserErased::username(ada.id())] {
        let sent = bob.says(channel, &format!("@{name} ?")).await;
        let called = sent.value("/mentions");
        assert!(name.starts_with("deleted-") || called == json!([]), "{called}");
    }

    // One who was never heard of: the erasure comes first.
    let stranger = UserId::generate(&SystemClock);
    world.emit(&erased(stranger)).await;
    done(&world, stranger).await;
    world.finish().await;
}

/// a user gets all that he wrote and how he reacted, page by page, and nothing of others; only services may ask.
#[actix_web::test]
async fn what_a_user_wrote_is_listed() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    for n in 0..101 {
        ada.says(channel, &format!("note {n}")).await;
    }
    let of_bob = bob.says(channel, "mine").await;
    let path = format!("/messages/{}/reactions", of_bob.text("/id"));
    ada.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201);
    let peer = world.messaging.internal("auth");
    let path = format!("/internal/users/{}/messages", ada.id());
    let page = peer.get(&path).await.expect(200);
    let after = page.text("/next_after");
    assert_eq!(page.value("/messages").as_array().unwrap().len(), 100);
    let rest = peer.get(&format!("{path}?after={after}")).await.expect(200);
    assert_eq!(
        (rest.text("/messages/0/content"), rest.value("/messages/1")),
        ("note 100".to_owned(), json!(null))
    );
    assert_eq!(rest.value("/next_after"), json!(null));
    let reactions = peer.get(&format!("/internal/users/{}/reactions", ada.id())).await.expect(200);
    assert_eq!(
        (reactions.text("/reactions/0/message_id"), reactions.text("/reactions/0/emoji")),
        (of_bob.text("/id"), "👍".to_owned())
    );
    for path in [path, format!("/internal/users/{}/reactions", ada.id())] {
        ada.client.get(&path).await.expect(401);
        world.messaging.anonymous().get(&path).await.expect(401);
    }
    world.finish().await;
}
