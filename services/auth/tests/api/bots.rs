//! `/auth/bots`: users that only API keys act for.

use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_events::Topic;
use colink_events::users::{
    ApiKeyCreated, ApiKeyRevoked, BotCreated, SessionRevoked, UserDeactivated, UserRegistered, UserUpdated,
};
use colink_test::unique;
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api_keys::{by_key, exchange};
use crate::harness::{
    PASSWORD, Session, World, refuses_bad_tokens, refuses_malformed, refuses_values, settings,
};
use crate::password_races::{held, kept_waiting};

const PATH: &str = "/auth/bots";

/// A bot of this owner; its id.
pub(crate) async fn make(world: &World, owner: &Session) -> String {
    let _ = world;
    let body = json!({ "username": format!("bot.{}", unique()), "display_name": "Deploy bot" });
    owner.client.post(PATH, &body).await.expect(201).text("/id")
}

/// A key of the bot.
pub(crate) async fn key(owner: &Session, bot: &str, scopes: &[&str]) -> String {
    let body = json!({ "name": "tests", "scopes": scopes });
    owner.client.post(&format!("{PATH}/{bot}/api-keys"), &body).await.expect(201).text("/key")
}

/// a bot is a user without address and password, known to the others by events.
#[tokio::test]
async fn a_bot_is_made_for_its_owner() {
    let world = World::start().await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let username = format!("bot.{}", unique());
    let body = json!({ "username": username.to_uppercase(), "display_name": "Deploy bot", "description": "Deploys." });
    let made = ada.client.post(PATH, &body).await.expect(201);
    let id = made.text("/id");
    assert_eq!((made.text("/username"), made.text("/owner_id")), (username.clone(), ada.user_id.clone()));
    let row: (String, Option<String>, Option<String>) =
        sqlx::query_as("select kind, email, password_hash from users where id = $1::uuid")
            .bind(&id)
            .fetch_one(world.database())
            .await
            .unwrap();
    assert_eq!(row, ("bot".to_owned(), None, None));
    let (registered, _) = probe.await_event::<UserRegistered>(|e| e.0.user_id.to_string() == id).await;
    assert_eq!(registered.0.username, username);
    let (created, envelope) = probe.await_event::<BotCreated>(|e| e.user_id.to_string() == id).await;
    assert_eq!(created.owner_id.to_string(), ada.user_id);
    assert_eq!(envelope.actor.unwrap().user_id, Some(created.owner_id));

    let bot = by_key(&world, &key(&ada, &id, &["users:read"]).await).await;
    assert_eq!(bot.get("/users/me").await.expect(200).text("/username"), username);
    let (event, _) = probe.await_event::<ApiKeyCreated>(|e| e.user_id.to_string() == id).await;
    assert_eq!(event.created_by.to_string(), ada.user_id);
    // No way in leads to it.
    world.try_login(&username, PASSWORD).await.expect(400);
}

/// every bad field, names that are taken by people and by bots, the cap.
#[tokio::test]
async fn a_bot_that_cannot_be_made_is_refused() {
    let world = World::with(settings().set("bots.max_per_owner", 2)).await;
    let (person, ada) = world.signed_in("ada").await;
    refuses_values(&ada.client, PATH, json!({}), &["username", "display_name"]).await;
    let long = json!({ "username": "b", "display_name": "x".repeat(81), "description": "x".repeat(1001) });
    refuses_values(&ada.client, PATH, long, &["username", "display_name", "description"]).await;
    refuses_malformed(&ada.client, Method::POST, PATH, "username").await;
    refuses_bad_tokens(&world, Method::POST, PATH).await;
    let named = |name: &str| json!({ "username": name, "display_name": "Bot" });
    ada.client.post(PATH, &named(&person.username)).await.expect(409);
    let name = format!("bot.{}", unique());
    ada.client.post(PATH, &named(&name)).await.expect(201);
    assert_eq!(ada.client.post(PATH, &named(&name)).await.expect(409).error_code(), "ALREADY_EXISTS");
    let rest = (0..4).map(|_| {
        let client = ada.client.clone();
        async move { client.post(PATH, &named(&format!("bot.{}", unique()))).await.status.as_u16() }
    });
    let mut statuses = futures_util::future::join_all(rest).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

/// where only admins may make bots, others may not.
#[tokio::test]
async fn bots_may_be_for_admins_alone() {
    let world = World::with(settings().set("bots.creators", "admins")).await;
    let (_, ada) = world.signed_in("ada").await;
    let body = json!({ "username": format!("bot.{}", unique()), "display_name": "Bot" });
    assert_eq!(ada.client.post(PATH, &body).await.expect(403).error_code(), "FORBIDDEN");
    let (person, _) = world.signed_in("root").await;
    sqlx::query("update users set realm_roles = '{user,admin}' where username = $1")
        .bind(&person.username)
        .execute(world.database())
        .await
        .unwrap();
    let root = world.login(&person).await;
    root.client.post(PATH, &body).await.expect(201);
}

/// a bot and its keys are its owner's business; for others it is not there.
#[tokio::test]
async fn a_bot_is_managed_by_its_owner_alone() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let bot = make(&world, &ada).await;
    let secret = key(&ada, &bot, &["users:read"]).await;
    let keys = ada.client.get(&format!("{PATH}/{bot}/api-keys")).await.expect(200).value("/items");
    let id = keys[0]["id"].as_str().unwrap().to_owned();
    let wish = json!({ "name": "x", "scopes": ["users:read"] });
    let unknown = UserId::generate(&SystemClock).to_string();
    let calls = [
        (Method::PATCH, String::new(), json!({ "display_name": "Mine" })),
        (Method::DELETE, String::new(), json!({})),
        (Method::GET, "/api-keys".to_owned(), json!({})),
        (Method::POST, "/api-keys".to_owned(), wish),
        (Method::DELETE, format!("/api-keys/{id}"), json!({})),
        (Method::POST, format!("/api-keys/{id}/rotate"), json!({ "overlap_s": 0 })),
    ];
    for (method, rest, body) in calls {
        // Somebody else's, one that does not exist, and a person, who is no bot.
        for (client, id) in [(&bob.client, &bot), (&ada.client, &unknown), (&ada.client, &ada.user_id)] {
            let path = format!("{PATH}/{id}{rest}");
            let answer = client.request(method.clone(), &path).json(&body).send().await;
            assert_eq!(answer.status, 404, "{method} {path}: {answer}");
        }
        refuses_bad_tokens(&world, method, &format!("{PATH}/{bot}{rest}")).await;
    }
    assert!(exchange(&world, &secret).await.is_some());
    // A bot's key is not among those of its owner, and the owner's path does not lead to it.
    assert_eq!(ada.client.get("/auth/api-keys").await.expect(200).value("/items"), json!([]));
    ada.client.delete(&format!("/auth/api-keys/{id}")).await.expect(404);
    let admin = json!({ "name": "x", "scopes": ["admin:*"] });
    refuses_values(&ada.client, &format!("{PATH}/{bot}/api-keys"), admin, &["scopes"]).await;
}

/// lists show whom they concern; realm admins see all.
#[tokio::test]
async fn bots_are_listed_to_their_owner_and_to_realm_admins() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (person, bob) = world.signed_in("bob").await;
    let (first, second) = (make(&world, &ada).await, make(&world, &ada).await);
    let ids = |page: Value| -> Vec<String> {
        page.as_array().unwrap().iter().map(|bot| bot["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = ada.client.get(PATH).await.expect(200);
    assert_eq!((ids(page.value("/items")), page.value("/total")), (vec![second.clone(), first], json!(2)));
    let half = ada.client.get(&format!("{PATH}?page_size=1")).await.expect(200);
    assert_eq!((ids(half.value("/items")), half.value("/pages")), (vec![second], json!(2)));
    assert_eq!(bob.client.get(PATH).await.expect(200).value("/total"), json!(0));
    sqlx::query("update users set realm_roles = '{user,admin}' where username = $1")
        .bind(&person.username)
        .execute(world.database())
        .await
        .unwrap();
    assert_eq!(world.login(&person).await.client.get(PATH).await.expect(200).value("/total"), json!(2));
    refuses_bad_tokens(&world, Method::GET, PATH).await;
}

/// a changed name is told; what is left out stays.
#[tokio::test]
async fn a_bot_is_changed() {
    let world = World::start().await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let bot = make(&world, &ada).await;
    let path = format!("{PATH}/{bot}");
    let changed = ada.client.patch(&path, &json!({ "display_name": "Release bot" })).await.expect(200);
    assert_eq!(changed.text("/display_name"), "Release bot");
    let changed = ada.client.patch(&path, &json!({ "description": "Releases." })).await.expect(200);
    assert_eq!(
        (changed.text("/display_name"), changed.text("/description")),
        ("Release bot".to_owned(), "Releases.".to_owned())
    );
    let (event, _) = probe.await_event::<UserUpdated>(|e| e.0.user_id.to_string() == bot).await;
    assert_eq!((event.0.display_name.as_str(), event.0.version), ("Release bot", 2));
    ada.client.patch(&path, &json!({ "username": "other" })).await.expect(400);
}

/// whoever closes his account in the moment in which he makes or changes a bot does neither. Closing holds his row
/// and those of his bots.
#[tokio::test]
async fn a_closed_account_neither_makes_nor_changes_a_bot() {
    let world = World::start().await;
    let (person, ada) = world.signed_in("ada").await;
    let bot = make(&world, &ada).await;
    let name = ada.client.get(PATH).await.expect(200).text("/items/0/username");
    let new = json!({ "username": format!("bot.{}", unique()), "display_name": "Another" });
    let changes = json!({ "display_name": "Release bot", "description": "Releases." });
    let calls = [
        (&person.username, Method::POST, PATH.to_owned(), new),
        (&name, Method::PATCH, format!("{PATH}/{bot}"), changes),
    ];
    for (locked, method, path, body) in calls {
        sqlx::query("update users set deactivated_at = null").execute(world.database()).await.unwrap();
        let mut held = held(&world, locked).await;
        let closing = async {
            kept_waiting(&world, 1).await;
            let close = sqlx::query("update users set deactivated_at = now() where id = $1::uuid");
            close.bind(&ada.user_id).execute(&mut *held).await.unwrap();
            held.commit().await.unwrap();
        };
        let (answer, ()) = join(ada.client.request(method, &path).json(&body).send(), closing).await;
        assert_eq!(answer.expect(401).error_code(), "TOKEN_INVALID", "{path}");
    }
    let as_it_was = "select count(*) from bots b join users u on u.id = b.user_id
                      where b.owner_id = $1::uuid and u.display_name = 'Deploy bot' and b.description is null";
    assert_eq!(world.count(as_it_was, &ada.user_id).await, 1);
    assert_eq!(world.count("select count(*) from bots where owner_id = $1::uuid", &ada.user_id).await, 1);
}

/// a deleted bot's keys and sockets end, its name stays taken, and it is gone from lists.
#[tokio::test]
async fn a_bot_is_taken_out_of_use() {
    let world = World::start().await;
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, ada) = world.signed_in("ada").await;
    let bot = make(&world, &ada).await;
    let secret = key(&ada, &bot, &["users:read"]).await;
    let client = by_key(&world, &secret).await;
    client.get("/users/me").await.expect(200);
    ada.client.delete(&format!("{PATH}/{bot}")).await.expect(204);
    client.get("/users/me").await.expect(401);
    assert_eq!(exchange(&world, &secret).await, None);
    assert_eq!(ada.client.get(PATH).await.expect(200).value("/total"), json!(0));
    ada.client.delete(&format!("{PATH}/{bot}")).await.expect(404);
    let wish = json!({ "name": "x", "scopes": ["users:read"] });
    ada.client.post(&format!("{PATH}/{bot}/api-keys"), &wish).await.expect(404);
    let (event, _) = probe.await_event::<ApiKeyRevoked>(|e| e.user_id.to_string() == bot).await;
    assert_eq!(event.reason, "bot_deleted");
    probe.await_event::<UserDeactivated>(|e| e.user_id.to_string() == bot).await;
    probe.await_event::<SessionRevoked>(|e| e.user_id.to_string() == bot && e.session_id.is_some()).await;
}
