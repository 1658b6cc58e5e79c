//! What becomes of API keys and bots when an account ends.

use colink_events::Topic;
use colink_events::users::{ApiKeyRevoked, SessionRevoked, UserDeactivated};
use colink_test::Client;
use reqwest::Method;
use serde_json::json;

use crate::account_end::{deactivate, erase, with_admin};
use crate::api_keys::{by_key, exchange, make};
use crate::bots;
use crate::harness::World;

const OPEN_KEYS: &str = "select count(*) from api_keys k join users u on u.id = k.user_id
    left join bots b on b.user_id = u.id
    where k.revoked_at is null and (u.id = $1::uuid or b.owner_id = $1::uuid)";
const OPEN_SECRETS: &str = "select count(*) from api_key_secrets s join api_keys k on k.id = s.api_key_id
    left join bots b on b.user_id = k.user_id
    where s.ended_at is null and (k.user_id = $1::uuid or b.owner_id = $1::uuid)";

/// Why the keys of a user ended, when one of them and the session of its tokens did.
async fn ended(world: &World, user: &str) -> (String, String) {
    let mut probe = world.stage.probe(Topic::Users).await;
    let (key, _) = probe.await_event::<ApiKeyRevoked>(|event| event.user_id.to_string() == user).await;
    let of_user = |event: &SessionRevoked| event.user_id.to_string() == user && event.reason == key.reason;
    let (session, _) =
        probe.await_event::<SessionRevoked>(|event| of_user(event) && event.session_id.is_some()).await;
    (key.reason, session.reason)
}

async fn refused(client: &Client) {
    client.get("/users/me").await.expect(401);
}

/// a closed account's keys end with it, and those of its bots, in rows, tokens and events; opening it again
/// brings none back, and new ones can be made.
#[tokio::test]
async fn keys_end_with_the_account_and_stay_ended() {
    let (world, root) = with_admin().await;
    let (ada, session) = world.signed_in("ada").await;
    let bot = bots::make(&world, &session).await;
    let keys = [
        make(&session.client, &["users:read"]).await.text("/key"),
        bots::key(&session, &bot, &["users:read"]).await,
    ];
    let clients = [by_key(&world, &keys[0]).await, by_key(&world, &keys[1]).await];
    for client in &clients {
        client.get("/users/me").await.expect(200);
    }
    deactivate(&session).await.expect(204);
    for client in &clients {
        refused(client).await;
    }
    assert_eq!(world.count(OPEN_KEYS, &session.user_id).await, 0);
    assert_eq!(world.count(OPEN_SECRETS, &session.user_id).await, 0);
    let why = ("account_deactivated".to_owned(), "account_deactivated".to_owned());
    assert_eq!(ended(&world, &session.user_id).await, why);
    assert_eq!(ended(&world, &bot).await, why);

    let path = format!("/auth/users/{}/reactivate", session.user_id);
    root.client.post(&path, &json!({})).await.expect(204);
    let session = world.login(&ada).await;
    for (key, client) in keys.iter().zip(&clients) {
        assert_eq!(exchange(&world, key).await, None);
        refused(client).await;
    }
    assert_eq!(session.client.get("/auth/api-keys").await.expect(200).value("/items"), json!([]));
    assert_eq!(session.client.get("/auth/bots").await.expect(200).text("/items/0/id"), bot);
    let anew = bots::key(&session, &bot, &["users:read"]).await;
    by_key(&world, &anew).await.get("/users/me").await.expect(200);
}

/// the bots of an erased owner go out of use as deleted ones do: shown by their names, without keys and without
/// an owner. Those of others go on.
#[tokio::test]
async fn bots_of_an_erased_owner_go_out_of_use() {
    let (world, root) = with_admin().await;
    let (ada, session) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let (bot, other) = (bots::make(&world, &session).await, bots::make(&world, &bob).await);
    let key = bots::key(&session, &bot, &["users:read"]).await;
    let others = by_key(&world, &bots::key(&bob, &other, &["users:read"]).await).await;
    let client = by_key(&world, &key).await;
    let name = client.get("/users/me").await.expect(200).text("/username");

    erase(&session, &ada.username).await.expect(204);
    refused(&client).await;
    assert_eq!(exchange(&world, &key).await, None);
    assert_eq!(ended(&world, &bot).await, ("bot_deleted".to_owned(), "bot_deleted".to_owned()));
    let mut probe = world.stage.probe(Topic::Users).await;
    let (_, told) = probe.await_event::<UserDeactivated>(|event| event.user_id.to_string() == bot).await;
    let actor = told.actor.and_then(|actor| actor.user_id).map(|id| id.to_string());
    assert_eq!(actor, Some(session.user_id.clone()));
    let seen = root.client.get(&format!("/users/{bot}")).await.expect(200);
    assert_eq!(
        (seen.text("/username"), seen.value("/bot"), seen.value("/deactivated")),
        (name.clone(), json!(true), json!(true))
    );
    assert_eq!(world.count("select count(*) from bots where user_id = $1::uuid", &bot).await, 0);
    let listed = root.client.get("/auth/bots").await.expect(200);
    assert_eq!((listed.text("/items/0/id"), listed.value("/total")), (other, json!(1)));
    let again = json!({ "username": name, "display_name": "Another" });
    bob.client.post("/auth/bots", &again).await.expect(409);
    others.get("/users/me").await.expect(200);
}

/// with an account go the answers that were kept for its keys: its owner's profile stands in them.
#[tokio::test]
async fn answers_kept_for_keys_go_with_the_account() {
    let world = World::start().await;
    let (ada, session) = world.signed_in("ada").await;
    let client = by_key(&world, &make(&session.client, &["users:write"]).await.text("/key")).await;
    let change = client.request(Method::PATCH, "/users/me").idempotency_key("k1");
    change.json(&json!({ "title": "Analyst" })).send().await.expect(200);
    let kept = "select count(*) from idempotency_keys where position($1 in convert_from(body, 'UTF8')) > 0";
    assert_eq!(world.count(kept, &ada.email).await, 1);
    erase(&session, &ada.username).await.expect(204);
    assert_eq!(world.count(kept, &ada.email).await, 0);
}

/// whoever makes keys in the moment in which his account closes is left without one.
#[tokio::test]
async fn no_key_is_made_beside_the_end() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let bot = bots::make(&world, &session).await;
    let wish = json!({ "name": "tests", "scopes": ["users:read"] });
    let paths = ["/auth/api-keys".to_owned(), format!("/auth/bots/{bot}/api-keys")];
    let makings = (0..8).map(|n| session.client.post(&paths[n % 2], &wish));
    let (_, closed) = tokio::join!(futures_util::future::join_all(makings), deactivate(&session));
    closed.expect(204);
    assert_eq!(world.count(OPEN_KEYS, &session.user_id).await, 0);
    assert_eq!(world.count(OPEN_SECRETS, &session.user_id).await, 0);
}

/// keys of accounts that were closed before keys ended with them are over; those of others go on.
#[tokio::test]
async fn keys_of_accounts_closed_before_are_over() {
    let world = World::start().await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    let (of_ada, orphan) = (bots::make(&world, &ada).await, bots::make(&world, &bob).await);
    for session in [&ada, &bob] {
        make(&session.client, &["users:read"]).await;
    }
    bots::key(&ada, &of_ada, &["users:read"]).await;
    bots::key(&bob, &orphan, &["users:read"]).await;
    for change in [
        "update users set deactivated_at = now() where id = $1::uuid",
        "delete from bots where user_id = $1::uuid",
    ] {
        let whose = if change.starts_with("update") { &ada.user_id } else { &orphan };
        sqlx::query(change).bind(whose).execute(world.database()).await.unwrap();
    }
    let migration = include_str!("../../migrations/20261128170000_keys_of_closed_accounts.sql");
    sqlx::raw_sql(migration).execute(world.database()).await.unwrap();
    for (user, open) in [(&ada.user_id, 0), (&of_ada, 0), (&orphan, 0), (&bob.user_id, 1)] {
        assert_eq!(world.count(OPEN_KEYS, user).await, open);
        assert_eq!(world.count(OPEN_SECRETS, user).await, open);
    }
    let out = "select count(*) from users where id = $1::uuid and deactivated_at is not null";
    assert_eq!((world.count(out, &orphan).await, world.count(out, &of_ada).await), (1, 0));
}
