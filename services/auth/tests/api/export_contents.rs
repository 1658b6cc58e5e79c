//! What an export tells of the account itself.

use serde_json::{Value, json};

use crate::api_keys::by_key;
use crate::exports::{ready, request, unpacked};
use crate::harness::{Session, World, settings};
use crate::oidc::browser::Browser;
use crate::oidc::provider::{LocalProvider, Someone};

/// The files of the user's export.
async fn exported(session: &Session) -> Vec<(String, String)> {
    let id = request(session).await.expect(202).text("/export_id");
    unpacked(&ready(session, &id).await).await
}

fn json_of(files: &[(String, String)], name: &str) -> Value {
    let (_, text) = files.iter().find(|(file, _)| file == name).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_str(text).unwrap()
}

/// A key for a user or a bot; its id and the secret.
async fn make_key(session: &Session, path: &str, name: &str) -> (String, String) {
    let body = json!({ "name": name, "scopes": ["messages:read"] });
    let made = session.client.post(path, &body).await.expect(201);
    (made.text("/id"), made.text("/key"))
}

/// API keys and bots are in the archive, also those that have ended, and no secret is.
#[tokio::test]
async fn keys_and_bots_are_exported_without_their_secrets() {
    let world = World::start().await;
    let (_, session) = world.signed_in("ada").await;
    let (_, stranger) = world.signed_in("eve").await;
    let (open, first) = make_key(&session, "/auth/api-keys", "deploy").await;
    let (ended, second) = make_key(&session, "/auth/api-keys", "old").await;
    let (_, foreign) = make_key(&stranger, "/auth/api-keys", "eve's").await;
    by_key(&world, &first).await;
    session.client.delete(&format!("/auth/api-keys/{ended}")).await.expect(204);
    let username = format!("helper.{}", colink_test::unique());
    let body = json!({ "username": username, "display_name": "Helper", "description": "Helps" });
    let bot = session.client.post("/auth/bots", &body).await.expect(201).text("/id");
    let (bot_key, third) = make_key(&session, &format!("/auth/bots/{bot}/api-keys"), "bot").await;
    session.client.delete(&format!("/auth/bots/{bot}")).await.expect(204);

    let files = exported(&session).await;
    let keys = json_of(&files, "api_keys.json");
    assert_eq!((&keys[0]["id"], &keys[0]["name"]), (&json!(ended), &json!("old")));
    assert!(keys[0]["ended_at"].is_string() && keys[0]["last_used_on"].is_null());
    assert_eq!((&keys[1]["id"], &keys[1]["scopes"]), (&json!(open), &json!(["messages:read"])));
    assert!(keys[1]["last_used_on"].is_string() && keys[1]["ended_at"].is_null());
    assert_eq!((keys[1]["networks"].as_array().unwrap().len(), keys.as_array().unwrap().len()), (1, 2));
    let bots = json_of(&files, "bots.json");
    assert_eq!((&bots[0]["username"], &bots[0]["description"]), (&json!(username), &json!("Helps")));
    assert!(bots[0]["deactivated_at"].is_string());
    assert_eq!(bots[0]["api_keys"][0]["id"], json!(bot_key));
    let whole: String = files.iter().map(|(_, text)| text.as_str()).collect();
    for secret in [&first, &second, &third, &foreign] {
        assert!(!whole.contains(&secret[secret.len() - 40..]), "{secret}");
    }
    assert!(!whole.contains("hash") && !whole.contains("eve's"));
    let (_, readme) = &files[0];
    for (name, _) in files.iter().skip(1) {
        assert!(readme.contains(name.as_str()), "{name}");
    }
}

/// who the user is elsewhere, where he was signed in, and what he is known by.
#[tokio::test]
async fn identities_devices_and_ended_sessions_are_exported() {
    let provider = LocalProvider::start();
    let world = World::with(provider.configure(settings(), "sso")).await;
    let (ada, gone) = world.signed_in("ada").await;
    gone.client.post("/auth/logout", &json!({})).await.expect(204);
    let session = world.login(&ada).await;
    let someone = Someone { email: ada.email.clone(), ..Someone::named("ada") };
    let subject = someone.subject.clone();
    Browser::new(&world).link(&session.access, &provider, &someone).await;

    let files = exported(&session).await;
    let identities = json_of(&files, "identities.json");
    assert_eq!(identities.as_array().unwrap().len(), 1);
    assert_eq!((&identities[0]["provider"], &identities[0]["subject"]), (&json!("sso"), &json!(subject)));
    assert_eq!(identities[0]["issuer"], json!(provider.issuer()));
    assert!(identities[0]["linked_at"].is_string());
    let sessions = json_of(&files, "sessions.json");
    let of = |id: &str| sessions.as_array().unwrap().iter().find(|one| one["id"] == json!(id)).unwrap();
    assert!(of(&session.id)["ended_at"].is_null());
    assert_eq!(of(&gone.id)["ended_because"], json!("logout"));
    let devices = json_of(&files, "known_devices.json");
    assert_eq!(devices.as_array().unwrap().len(), 1);
    assert!(devices[0]["last_seen_at"].is_string());
    assert_eq!(json_of(&files, "security.json"), json!({ "passkeys": [], "second_factors": [] }));
}
