//! `auth grant-admin`.

use std::process::Output;

use colink_events::Topic;
use colink_events::users::UserRolesChanged;
use serde_json::json;

use crate::harness::World;
use crate::mfa_harness::claims;
use crate::oidc::browser::Browser;
use crate::oidc::provider::{LocalProvider, Someone};
use crate::oidc::world_with;
use crate::operator::{command, said};

fn grant(world: &World, address: &str) -> Output {
    command(world, "grant-admin").arg(address).output().unwrap()
}

/// whoever came by a provider, whose address nobody had to prove here, becomes an administrator as by another one's
/// hand: sessions end, he and the audit log are told. Once more changes nothing.
#[tokio::test]
async fn somebody_of_a_provider_becomes_an_administrator() {
    let provider = LocalProvider::start();
    let world = world_with(&provider).await;
    let ada = Someone::named("ada");
    let session = world.session(&Browser::new(&world).sign_in(&provider, &ada).await.expect(200));
    let output = grant(&world, &ada.email.to_uppercase());
    assert!(
        output.status.success() && said(&output).contains("is an administrator now"),
        "{}",
        said(&output)
    );

    let mut users = world.stage.probe(Topic::Users).await;
    let (event, envelope) =
        users.await_event::<UserRolesChanged>(|event| event.user_id.to_string() == session.user_id).await;
    assert_eq!((event.old_roles, event.new_roles), (words(&["user"]), words(&["user", "admin"])));
    assert!(envelope.actor.is_none_or(|actor| actor.user_id.is_none()));
    world.mailbox.await_mail(&ada.email, "Your roles were changed").await;
    world.refresh(&session.refresh).await.expect(401);
    await_end(&world, &session.access).await;

    let again = grant(&world, &ada.email);
    assert!(again.status.success() && said(&again).contains("an administrator already"), "{}", said(&again));
    let session = world.session(&Browser::new(&world).sign_in(&provider, &ada).await.expect(200));
    assert_eq!(claims(&session.access)["realm_roles"], json!(["user", "admin"]));
    session.client.get("/auth/mail-templates").await.expect(200);
    let mails = "select count(*) from jobs where kind = 'send_mail' and payload::text like '%roles_changed%' and $1 <> ''";
    assert_eq!(world.count(mails, "x").await, 1);
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The service takes up within a second or two what the command left.
async fn await_end(world: &World, access: &str) {
    let client = world.anonymous().bearer(access);
    for _ in 0..100 {
        if client.get("/auth/me").await.status == 401 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the session goes on for 5 s");
}

/// nobody becomes one by a mistake: each is told for what it is.
#[tokio::test]
async fn an_address_that_is_not_good_is_refused() {
    let world = World::start().await;
    let (gone, session) = world.signed_in("gone").await;
    session.client.post("/users/me/deactivate", &json!({})).await.expect(204);
    let unproven = world.stranger("eve");
    world.register(&unproven).await.expect(201);
    for (address, words) in [
        ("nobody@example.test", "no account has this address"),
        (unproven.email.as_str(), "nobody has proven yet"),
        (gone.email.as_str(), "the account is closed"),
        ("no address", "no mail address"),
    ] {
        let output = grant(&world, address);
        assert_eq!(output.status.code(), Some(1), "{address}");
        assert!(said(&output).contains(words), "{address}: {}", said(&output));
    }
    assert_eq!(world.count("select count(*) from users where $1 = any(realm_roles)", "admin").await, 0);
}
