//! Secrets at rest, and the change of the key that seals them.

use std::process::{Command, Output};

use sqlx::ConnectOptions;

use crate::harness::{World, settings};

fn key(id: &str, byte: &str) -> String {
    format!("{id}:{}", byte.repeat(32))
}

/// The binary, as an operator runs it.
fn rotate_keys(world: &World, keys: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auth"))
        .arg("rotate-keys")
        .env("COLINK_AUTH__POSTGRES__URL", world.database().connect_options().to_url_lossy().as_str())
        .env("COLINK__SECRETS__KEYS", keys)
        .env("COLINK__INTERNAL__SECRET", colink_test::INTERNAL_SECRET)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// begins with the old key and ends with the old key gone; sessions, seeds and keys go on all the while.
#[tokio::test]
async fn a_key_is_changed_without_losing_what_it_sealed() {
    let (old, new) = (key("old", "0a"), key("new", "0b"));
    let mut world = World::with(settings().set("secrets.keys", old.as_str())).await;
    let (_, session) = world.signed_in("ada").await;

    world.service.stop().await;
    world.service.change("secrets.keys", format!("{new},{old}"));
    world.service.restart().await;
    world.anonymous().bearer(&session.access).get("/auth/me").await.expect(200);

    let done = rotate_keys(&world, &format!("{new},{old}"));
    assert!(done.status.success() && said(&done).contains("1 secrets were sealed anew"), "{}", said(&done));
    let again = rotate_keys(&world, &format!("{new},{old}"));
    assert!(said(&again).contains("0 secrets were sealed anew with `new`"), "{}", said(&again));

    world.service.stop().await;
    world.service.change("secrets.keys", new.as_str());
    world.service.restart().await;
    world.anonymous().bearer(&session.access).get("/auth/me").await.expect(200);
}

/// a key that was taken out too early is named, and nothing is lost.
#[tokio::test]
async fn a_missing_key_is_named() {
    let world = World::with(settings().set("secrets.keys", key("old", "0a").as_str())).await;
    let (_, session) = world.signed_in("ada").await;
    let refused = rotate_keys(&world, &key("new", "0b"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("the key `old` is not among secrets.keys"), "{}", said(&refused));
    session.client.get("/auth/me").await.expect(200);
}

/// no private half of a signing key is stored as it is.
#[tokio::test]
async fn a_stored_signing_key_is_an_envelope() {
    let world = World::with(settings().set("secrets.keys", key("k", "0a").as_str())).await;
    let sealed: Vec<Vec<u8>> =
        sqlx::query_scalar("select sealed_seed from signing_keys").fetch_all(world.database()).await.unwrap();
    assert_eq!(sealed.len(), 1);
    // Layout, length and name of the key, nonce, seed, tag.
    assert!(sealed[0].starts_with(b"\x01\x01k") && sealed[0].len() == 3 + 24 + 32 + 16);
}
