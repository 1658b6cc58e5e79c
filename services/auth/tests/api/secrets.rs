//! Secrets at rest. The change of the key that seals them is in `reencryption`.

use std::process::{Child, Output, Stdio};

use crate::harness::{World, settings};
use crate::operator::command;

pub(crate) fn key(id: &str, byte: &str) -> String {
    format!("{id}:{}", byte.repeat(32))
}

pub(crate) fn rotate_keys(world: &World, keys: &str) -> Child {
    command(world, "rotate-keys")
        .env("COLINK__SECRETS__KEYS", keys)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Once it has ended.
pub(crate) async fn ended(command: Child) -> Output {
    tokio::task::spawn_blocking(move || command.wait_with_output()).await.unwrap().unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// a key that was taken out too early is named, and nothing is lost.
#[tokio::test]
async fn a_missing_key_is_named() {
    let world = World::with(settings().set("secrets.keys", key("old", "0a").as_str())).await;
    let (_, session) = world.signed_in("ada").await;
    let refused = ended(rotate_keys(&world, &key("new", "0b"))).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("the key `old` is not among secrets.keys"), "{}", said(&refused));
    session.client.get("/auth/me").await.expect(200);
    assert_eq!(world.count("select count(*) from jobs where kind = $1", "reencrypt_secrets").await, 0);
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
