//! A passkey that is removed, by its owner or by a reset, while somebody proves something by it: as with passwords that change
//! (`password_races.rs`), a check that is under way opens nothing afterwards.

use colink_test::Answer;
use futures_util::future::join;
use serde_json::json;

use crate::authenticator::Authenticator;
use crate::harness::{Person, Session, World};
use crate::password_races::{SESSIONS, held, kept_waiting};

const LOGIN: &str = "/auth/passkeys/login/finish";
const PROVE: &str = "/auth/reauthenticate/passkey";

/// Somebody with a passkey, and the session that registered it.
async fn with_passkey(world: &World) -> (Person, Session, Authenticator) {
    let (ada, session) = world.signed_in("ada").await;
    let mut key = Authenticator::new();
    let session = world.renewed(&world.register_passkey(&session, &mut key).await.expect(201));
    (ada, session, key)
}

/// Makes the request while the person's passkeys are removed.
async fn overtaken(world: &World, person: &Person, request: impl Future<Output = Answer>) -> Answer {
    let mut held = held(world, &person.username).await;
    let removal = async {
        kept_waiting(world, 1).await;
        sqlx::query("delete from passkeys").execute(&mut *held).await.unwrap();
        held.commit().await.unwrap();
    };
    join(request, removal).await.0
}

/// a sign-in that is under way opens no session.
#[tokio::test]
async fn a_sign_in_does_not_outlive_its_passkey() {
    let world = World::start().await;
    let (ada, session, mut key) = with_passkey(&world).await;
    let body = world.passkey_answer(&mut key).await;
    let client = world.anonymous();
    let refused = overtaken(&world, &ada, client.post(LOGIN, &body)).await.expect(401);
    assert_eq!(refused.error_message(), "The passkey was not accepted.");
    assert_eq!(world.count(SESSIONS, &ada.username).await, 1, "the one that registered it");
    session.client.get("/auth/me").await.expect(200);
}

/// nor does it prove a session again.
#[tokio::test]
async fn a_proof_does_not_outlive_its_passkey() {
    let world = World::start().await;
    let (ada, session, mut key) = with_passkey(&world).await;
    let asked = session.client.post(&format!("{PROVE}/start"), &json!({})).await.expect(200);
    let body = json!({ "credential": key.get(&asked.value("/options")) });
    let path = format!("{PROVE}/finish");
    let refused = overtaken(&world, &ada, session.client.post(&path, &body)).await.expect(401);
    assert_eq!(refused.error_message(), "The passkey was not accepted.");
    world.refresh(&session.refresh).await.expect(200);
}
