//! Who must have a second factor, and what becomes of whoever has none.

use std::time::Duration;

use colink_events::users::{MfaDisabled, MfaEnabled, MfaPolicyUpdated, SessionDowngraded};
use colink_events::{Event, Topic};
use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, Session, refuses_bad_tokens, settings};
use crate::mfa_harness::{Timed, claims};

const POLICY: &str = "/auth/mfa-policy";

async fn require(session: &Session, roles: &[&str], grace_hours: i32) {
    let policy = json!({"required_for_realm_roles": roles, "grace_hours": grace_hours});
    session.client.put(POLICY, &policy).await.expect(200);
}

/// the policy is the configuration's until an administrator decides; nobody else reads or decides.
#[tokio::test]
async fn the_policy_is_for_administrators() {
    let timed = Timed::with(settings().set("mfa.grace_hours", 24)).await;
    let (_, boss) = timed.admin("boss").await;
    let before = boss.client.get(POLICY).await.expect(200);
    assert_eq!(before.value("/required_for_realm_roles"), json!([]));
    assert_eq!((before.value("/grace_hours"), before.value("/effective_at")), (json!(24), json!(null)));
    let policy = json!({"required_for_realm_roles": ["admin", "admin"], "grace_hours": 168});
    boss.client.put(POLICY, &policy).await.expect(200);
    let after = boss.client.get(POLICY).await.expect(200);
    assert_eq!(after.value("/required_for_realm_roles"), json!(["admin"]));
    assert_eq!(after.value("/grace_hours"), json!(168));
    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = boss.user_id.clone();
    let event = users.await_event::<MfaPolicyUpdated>(|event| event.user_id.to_string() == id).await.0;
    assert_eq!((event.required_for_realm_roles, event.grace_hours), (vec!["admin".to_owned()], 168));

    let (_, ada) = timed.world.signed_in("ada").await;
    ada.client.get(POLICY).await.expect(403);
    ada.client.put(POLICY, &policy).await.expect(403);
    for method in [Method::GET, Method::PUT] {
        refuses_bad_tokens(&timed.world, method, POLICY).await;
    }
    for body in [json!({"grace_hours": "1"}), json!({"required_for_realm_roles": "user"}), json!({"a": 1})] {
        assert_eq!(
            boss.client.put(POLICY, &body).await.expect(400).error_code(),
            "INVALID_REQUEST",
            "{body}"
        );
    }
    for (body, field) in [
        (json!({}), "required_for_realm_roles"),
        (json!({"required_for_realm_roles": ["owner"]}), "required_for_realm_roles[0]"),
        (json!({"required_for_realm_roles": [], "grace_hours": -1}), "grace_hours"),
        (json!({"required_for_realm_roles": [], "grace_hours": 8785}), "grace_hours"),
    ] {
        let answer = boss.client.put(POLICY, &body).await.expect(400);
        assert_eq!(answer.error_fields(), [field], "{body}");
    }
    timed.clock.advance(Duration::from_secs(601));
    let stale = boss.client.put(POLICY, &policy).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
}

/// whoever must have a second factor and has none can enrol one and nothing else; with it he is free.
#[tokio::test]
async fn without_a_factor_a_session_only_enrols() {
    let timed = Timed::start().await;
    let (_, boss) = timed.admin("boss").await;
    let ada = timed.world.member("ada").await;
    require(&boss, &["user"], 0).await;
    let answer = timed.world.try_login(&ada.email, PASSWORD).await.expect(200);
    assert_eq!(answer.value("/mfa_enrolment"), json!(true));
    let session = timed.world.session(&answer);
    assert_eq!(claims(&session.access)["mfa_enrolment"], json!(true));
    let closed = [
        (Method::GET, "/users/me"),
        (Method::PUT, "/users/me"),
        (Method::GET, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions"),
        (Method::POST, "/auth/mfa/totp/disable"),
        (Method::POST, "/auth/mfa/recovery-codes"),
        (Method::POST, "/auth/signing-keys/rotate"),
        (Method::GET, POLICY),
    ];
    for (method, path) in closed {
        let answer = session.client.request(method, path).json(&json!({})).send().await.expect(401);
        assert_eq!(answer.error_code(), "MFA_REQUIRED", "{path}");
    }
    session.client.get("/auth/me").await.expect(200);
    let proven =
        session.client.post("/auth/reauthenticate", &json!({"password": PASSWORD})).await.expect(200);
    let session = timed.world.renewed(&proven);
    let view = session.client.get("/auth/mfa").await.expect(200);
    assert_eq!((view.value("/required"), view.value("/enrolment_only")), (json!(true), json!(true)));
    // A refresh without a factor changes nothing.
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    session.client.get("/users/me").await.expect(401);

    let (free, ..) = timed.enrol(&session).await;
    free.client.get("/users/me").await.expect(200);
    assert!(claims(&free.access).get("mfa_enrolment").is_none());
    session.client.post("/auth/logout", &json!({})).await.expect(204);
    free.client.get("/users/me").await.expect(401);
}

/// the grace period; after it also a session that goes on is closed with its next refresh.
#[tokio::test]
async fn a_policy_binds_when_its_grace_period_is_over() {
    let timed = Timed::start().await;
    let (_, boss) = timed.admin("boss").await;
    let ada = timed.world.member("ada").await;
    require(&boss, &["user"], 1).await;
    let session = timed.world.login(&ada).await;
    let view = session.client.get("/auth/mfa").await.expect(200);
    assert_eq!((view.value("/required"), view.value("/enrolment_only")), (json!(true), json!(false)));
    assert!(view.value("/required_from").is_string());
    session.client.get("/users/me").await.expect(200);
    timed.clock.advance(Duration::from_secs(3599));
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    session.client.get("/users/me").await.expect(200);
    timed.clock.advance(Duration::from_secs(1));
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    assert_eq!(session.client.get("/users/me").await.expect(401).error_code(), "MFA_REQUIRED");
    // What was opened before is closed, once.
    let session = timed.world.session(&timed.world.refresh(&session.refresh).await.expect(200));
    let proof = json!({"password": PASSWORD});
    let proven = session.client.post("/auth/reauthenticate", &proof).await.expect(200);
    let (free, ..) = timed.enrol(&timed.world.renewed(&proven)).await;
    let mut users = timed.world.stage.probe(Topic::Users).await;
    users.await_event::<MfaEnabled>(|event| event.user_id.to_string() == free.user_id).await;
    let told: Vec<SessionDowngraded> = users
        .seen()
        .iter()
        .filter(|envelope| envelope.kind == SessionDowngraded::TYPE)
        .map(|envelope| envelope.open::<SessionDowngraded>().unwrap())
        .filter(|event| event.session_id.to_string() == free.id)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].reason, "second_factor_required");
}

/// the policy is for the roles it names, and whoever gives his last factor up is bound again.
#[tokio::test]
async fn a_policy_binds_its_roles_alone() {
    let timed = Timed::with(settings().set("mfa.required_for_realm_roles", vec!["admin"])).await;
    let (_, ada) = timed.world.signed_in("ada").await;
    ada.client.get("/users/me").await.expect(200);
    let (person, boss) = timed.admin("boss").await;
    assert_eq!(boss.client.get(POLICY).await.expect(401).error_code(), "MFA_REQUIRED");
    let (boss, app, _) = timed.enrol(&boss).await;
    boss.client.get(POLICY).await.expect(200);
    boss.client.post("/auth/mfa/totp/disable", &json!({"code": app.next_code()})).await.expect(204);
    let bound = timed.world.session(&timed.world.refresh(&boss.refresh).await.expect(200));
    bound.client.get(POLICY).await.expect(401);
    let answer = timed.world.try_login(&person.email, PASSWORD).await.expect(200);
    assert_eq!(answer.value("/mfa_enrolment"), json!(true));
}

/// an administrator takes the factors of somebody who lost them; sessions and tickets end, a mail.
#[tokio::test]
async fn an_administrator_resets_factors() {
    let timed = Timed::start().await;
    let ada = timed.enrolled("ada").await;
    let (_, boss) = timed.admin("boss").await;
    let ticket = timed.ticket(&ada.person).await;
    let path = format!("/auth/users/{}/reset-mfa", ada.session.user_id);
    let (_, bob) = timed.world.signed_in("bob").await;
    bob.client.post(&path, &json!({})).await.expect(403);
    refuses_bad_tokens(&timed.world, Method::POST, &path).await;
    boss.client.post(&path, &json!({})).await.expect(204);
    ada.session.client.get("/auth/me").await.expect(401);
    timed.verify(&ticket, &ada.app.next_code()).await.expect(401);
    timed.world.login(&ada.person).await;
    timed.world.mailbox.await_mail(&ada.person.email, "second factors were removed").await;
    let mut users = timed.world.stage.probe(Topic::Users).await;
    let id = ada.session.user_id.clone();
    let (event, envelope) = users.await_event::<MfaDisabled>(|event| event.user_id.to_string() == id).await;
    assert_eq!((event.method.as_str(), event.reason.as_str()), ("all", "reset_by_admin"));
    assert_eq!(envelope.actor.unwrap().user_id.unwrap().to_string(), boss.user_id);

    let unknown = format!("/auth/users/{}/reset-mfa", bob.id);
    boss.client.post(&unknown, &json!({})).await.expect(404);
    // Otherwise his password alone would take his own factor away.
    let own = format!("/auth/users/{}/reset-mfa", boss.user_id);
    boss.client.post(&own, &json!({})).await.expect(403);
    timed.clock.advance(Duration::from_secs(601));
    let stale = boss.client.post(&path, &json!({})).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
}
