//! `PUT /auth/users/{user_id}/realm-roles`.

use std::time::Duration;

use colink_events::Topic;
use colink_events::users::{ApiKeyRevoked, SessionRevoked, UserRolesChanged};
use colink_test::{Answer, KafkaProbe};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api_keys::{by_key, exchange, make};
use crate::harness::{PASSWORD, Session, World, refuses_bad_tokens, refuses_malformed};
use crate::mfa_harness::{Timed, claims};

/// What only a realm admin may read.
const ADMINS: &str = "/auth/mail-templates";

fn path(user_id: &str) -> String {
    format!("/auth/users/{user_id}/realm-roles")
}

async fn give(admin: &Session, user_id: &str, roles: &[&str]) -> Answer {
    admin.client.put(&path(user_id), &json!({ "realm_roles": roles })).await
}

/// The user's roles and the version of his profile.
async fn stored(world: &World, user_id: &str) -> (Vec<String>, i64) {
    let query = sqlx::query_as("select realm_roles, version from users where id = $1::uuid");
    query.bind(user_id).fetch_one(world.database()).await.unwrap()
}

async fn set(world: &World, column: &str, user_id: &str) {
    let query = format!("update users set {column} where id = $1::uuid");
    sqlx::query(sqlx::AssertSqlSafe(query)).bind(user_id).execute(world.database()).await.unwrap();
}

async fn await_changed(users: &mut KafkaProbe, of: &str, new: &[&str]) -> UserRolesChanged {
    let (event, _) = users
        .await_event::<UserRolesChanged>(|event| event.user_id.to_string() == of && event.new_roles == new)
        .await;
    event
}

/// a role comes and goes; each time nothing goes on with the old ones, and the user is told.
#[tokio::test]
async fn a_change_of_roles_ends_what_has_the_old_ones() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (ada, first) = world.signed_in("ada").await;
    let second = world.login(&ada).await;
    let mut users = world.stage.probe(Topic::Users).await;

    let given = give(&boss, &first.user_id, &["admin"]).await.expect(200);
    let told = json!({ "user_id": first.user_id, "realm_roles": ["user", "admin"] });
    assert_eq!(given.data::<Value>(), told);
    for session in [&first, &second] {
        assert_eq!(session.client.get("/users/me").await.expect(401).error_code(), "TOKEN_INVALID");
        world.refresh(&session.refresh).await.expect(401);
        let ended = |event: &SessionRevoked| event.session_id.is_some_and(|id| id.to_string() == session.id);
        assert_eq!(users.await_event::<SessionRevoked>(ended).await.0.reason, "roles_changed");
    }
    let of = |event: &UserRolesChanged| event.user_id.to_string() == first.user_id;
    let (event, envelope) = users.await_event::<UserRolesChanged>(of).await;
    assert_eq!((event.old_roles, event.new_roles), (vec!["user".to_owned()], told_roles(&["user", "admin"])));
    assert_eq!(envelope.actor.unwrap().user_id.unwrap().to_string(), boss.user_id);
    let mail = world.mailbox.await_mail(&ada.email, "Your roles were changed").await;
    assert!(
        mail.text.lines().any(|line| line == "user, admin") && mail.html.contains("user, admin"),
        "{}",
        mail.text
    );

    let session = world.login(&ada).await;
    assert_eq!(claims(&session.access)["realm_roles"], json!(["user", "admin"]));
    session.client.get(ADMINS).await.expect(200);
    // The same again is no change: the session goes on.
    let before = stored(world, &session.user_id).await;
    for roles in [&["admin", "user"][..], &["admin"], &["user", "admin", "admin"]] {
        give(&boss, &session.user_id, roles).await.expect(200);
    }
    assert_eq!(stored(world, &session.user_id).await, before);
    session.client.get(ADMINS).await.expect(200);

    give(&boss, &session.user_id, &["user"]).await.expect(200);
    session.client.get(ADMINS).await.expect(401);
    assert_eq!(await_changed(&mut users, &session.user_id, &["user"]).await.old_roles, ["user", "admin"]);
    assert_eq!(stored(world, &session.user_id).await, (told_roles(&["user"]), before.1 + 1));
    world.login(&ada).await.client.get(ADMINS).await.expect(403);
    boss.client.get(ADMINS).await.expect(200);
}

fn told_roles(roles: &[&str]) -> Vec<String> {
    roles.iter().map(|role| (*role).to_owned()).collect()
}

/// A-16, T-4: whoever is no realm admin, comes with a key, proved himself long ago or says nonsense changes nothing.
#[tokio::test]
async fn only_administrators_change_roles() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (_, ada) = world.signed_in("ada").await;
    let (_, bob) = world.signed_in("bob").await;
    for target in [&ada.user_id, &bob.user_id, &boss.user_id] {
        let refused = give(&bob, target, &["user", "admin"]).await.expect(403);
        assert_eq!(refused.error_code(), "FORBIDDEN");
    }
    for scope in ["admin:*", "users:write"] {
        let key = make(&boss.client, &[scope]).await.text("/key");
        let client = by_key(world, &key).await;
        client.put(&path(&ada.user_id), &json!({ "realm_roles": ["admin"] })).await.expect(403);
    }
    refuses_bad_tokens(world, Method::PUT, &path(&ada.user_id)).await;
    refuses_malformed(&boss.client, Method::PUT, &path(&ada.user_id), "realm_roles").await;
    for (body, field, words) in [
        (json!({}), "realm_roles", "required"),
        (json!({ "realm_roles": null }), "realm_roles", "required"),
        (json!({ "realm_roles": ["user", "owner"] }), "realm_roles[1]", "`user` or `admin`"),
        (json!({ "realm_roles": ["Admin"] }), "realm_roles[0]", "`user` or `admin`"),
        (json!({ "realm_roles": [""] }), "realm_roles[0]", "`user` or `admin`"),
    ] {
        let answer = boss.client.put(&path(&ada.user_id), &body).await.expect(400);
        assert_eq!(
            (answer.error_code().as_str(), answer.error_fields()),
            ("VALIDATION_ERROR", vec![field.to_owned()])
        );
        assert!(answer.to_string().contains(words), "{answer}");
    }
    boss.client.put(&path("nobody"), &json!({ "realm_roles": ["user"] })).await.expect(400);
    timed.clock.advance(Duration::from_secs(601));
    let stale = give(&boss, &ada.user_id, &["admin"]).await.expect(403);
    assert_eq!(stale.error_code(), "REAUTHENTICATION_REQUIRED");
    assert_eq!(stored(world, &ada.user_id).await.0, ["user"]);
    ada.client.get("/users/me").await.expect(200);
}

/// roles are for people whose address is proven; nobody else is there.
#[tokio::test]
async fn roles_are_for_people() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (ada, session) = world.signed_in("ada").await;
    let bot = json!({ "username": format!("bot.{}", colink_test::unique()), "display_name": "Bot" });
    let bot = session.client.post("/auth/bots", &bot).await.expect(201).text("/id");
    let unproven = world.stranger("eve");
    world.register(&unproven).await.expect(201);
    let unproven: String = sqlx::query_scalar("select id::text from users where email_normalised = $1")
        .bind(&unproven.email)
        .fetch_one(world.database())
        .await
        .unwrap();
    session.client.post("/users/me/erase", &json!({ "username": ada.username })).await.expect(204);
    for nobody in [&bot, &unproven, &session.user_id, &boss.id] {
        assert_eq!(give(&boss, nobody, &["admin"]).await.expect(404).error_code(), "NOT_FOUND");
    }
    // A closed account keeps its roles until somebody takes them.
    let (_, bob) = timed.admin("bob").await;
    bob.client.post("/users/me/deactivate", &json!({})).await.expect(204);
    give(&boss, &bob.user_id, &["user"]).await.expect(200);
    assert_eq!(stored(world, &bob.user_id).await.0, ["user"]);
}

/// D-1, A-16: somebody administers the installation at every moment; accounts that are closed do not count.
#[tokio::test]
async fn the_last_administrator_stays_one() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (_, other) = timed.admin("other").await;
    for closed in ["suspended_at = now()", "deactivated_at = now()"] {
        set(world, closed, &other.user_id).await;
        let refused = give(&boss, &boss.user_id, &["user"]).await.expect(409);
        assert_eq!(refused.error_code(), "CONFLICT");
        boss.client.get(ADMINS).await.expect(200);
        set(world, "suspended_at = null, deactivated_at = null", &other.user_id).await;
    }
    give(&boss, &boss.user_id, &["user"]).await.expect(200);
    boss.client.get(ADMINS).await.expect(401);
    give(&other, &other.user_id, &[]).await.expect(409);
    assert_eq!(stored(world, &other.user_id).await.0, ["user", "admin"]);
}

/// D-1: of two demotions at the same moment that would leave nobody one is refused, whoever asks for them.
#[tokio::test]
async fn two_demotions_leave_an_administrator() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (one, session) = timed.admin("one").await;
    let (two, other) = timed.admin("two").await;
    let ids = [session.user_id, other.user_id];
    for crossed in [true, false, true, false, true, false] {
        for id in &ids {
            set(world, "realm_roles = '{user,admin}'", id).await;
        }
        let (one, two) = (world.login(&one).await, world.login(&two).await);
        let asks = if crossed { &two } else { &one };
        let (first, second) =
            tokio::join!(give(&one, &two.user_id, &["user"]), give(asks, &one.user_id, &["user"]));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200, "{first} {second}");
        // Who lost the role, or his session, in this moment is told so.
        assert!([401, 403, 409].contains(&statuses[1]), "{first} {second}");
        let left = "select count(*) from users where $1 = any(realm_roles)";
        assert_eq!(world.count(left, "admin").await, 1, "crossed: {crossed}");
    }
}

/// keys whose tokens carry the role end with it for good, and no others.
#[tokio::test]
async fn keys_with_the_role_end_with_it() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let (_, ada) = timed.admin("ada").await;
    let mut users = world.stage.probe(Topic::Users).await;
    let strong = make(&ada.client, &["admin:*", "users:read"]).await;
    let plain = make(&ada.client, &["users:read"]).await;
    let (by_strong, by_plain) =
        (by_key(world, &strong.text("/key")).await, by_key(world, &plain.text("/key")).await);
    for client in [&by_strong, &by_plain] {
        client.get("/users/me").await.expect(200);
    }
    give(&boss, &ada.user_id, &["user"]).await.expect(200);
    assert_eq!(by_strong.get("/users/me").await.expect(401).error_code(), "TOKEN_INVALID");
    by_plain.get("/users/me").await.expect(200);
    let id = strong.text("/id");
    let (event, _) = users.await_event::<ApiKeyRevoked>(|event| event.api_key_id.to_string() == id).await;
    assert_eq!(event.reason, "roles_changed");

    give(&boss, &ada.user_id, &["admin"]).await.expect(200);
    assert_eq!(exchange(world, &strong.text("/key")).await, None);
    assert!(exchange(world, &plain.text("/key")).await.is_some());
}

/// who must have a second factor for his new role is asked for it at his next sign-in.
#[tokio::test]
async fn a_policy_of_the_new_role_binds_at_the_next_sign_in() {
    let timed = Timed::start().await;
    let world = &timed.world;
    let (_, boss) = timed.admin("boss").await;
    let policy = json!({ "required_for_realm_roles": ["admin"], "grace_hours": 0 });
    boss.client.put("/auth/mfa-policy", &policy).await.expect(200);
    let (ada, session) = world.signed_in("ada").await;
    session.client.get("/users/me").await.expect(200);
    give(&boss, &session.user_id, &["admin"]).await.expect(200);
    let answer = world.try_login(&ada.email, PASSWORD).await.expect(200);
    assert_eq!(answer.value("/mfa_enrolment"), json!(true));
    let session = world.session(&answer);
    assert_eq!(session.client.get(ADMINS).await.expect(401).error_code(), "MFA_REQUIRED");
    let (session, _, _) = timed.enrol(&session).await;
    session.client.get(ADMINS).await.expect(200);
}
