//! `/internal/users/{user_id}/audit-log`, which auth asks for exports.

use bson::{DateTime, Document, doc};
use colink_core::clock::{Clock, SystemClock};
use colink_core::id::{EventId, MessageId, UserId};
use colink_events::Cause;
use colink_test::{Answer, service_token};
use serde_json::{Value, json};

use crate::harness::{World, by, minutes_ago};

/// Entries of one page.
const PAGE: usize = 500;

fn path_of(user: UserId) -> String {
    format!("/internal/users/{user}/audit-log")
}

fn ids_of(page: &Answer) -> Vec<String> {
    let entries = page.value("/entries");
    entries.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

/// An entry as the store has it.
fn row(id: &str, user: UserId, at: i64) -> Document {
    doc! {
        "_id": id, "at": DateTime::from_millis(at), "action": "pin.added",
        "actor": { "user_id": user.to_string() }, "resource": { "type": "message" }, "details": {},
        "topic": "colink.messages", "partition": 0, "offset": 0_i64,
    }
}

/// what a user did is listed with from where he did it, and nothing that others did, not even to him.
#[actix_web::test]
async fn a_user_is_told_his_own_acts() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let pin = world.pin(MessageId::generate(&SystemClock), ann.id);
    let second = world.publish_at(&world.removal(ben.id), &by(&ann), minutes_ago(20)).await;
    let first = world.publish_at(&pin, &by(&ann), minutes_ago(30)).await;
    let to_her = world.publish(&world.removal(ann.id), &by(&ben)).await;
    let by_itself = world.publish(&world.removal(ann.id), &Cause::default()).await;
    for id in [first, second, to_her, by_itself] {
        world.entry(id).await;
    }

    let peer = world.admin.internal("auth");
    let page = peer.get(&path_of(ann.id)).await.expect(200);
    assert_eq!(ids_of(&page), [first.to_string(), second.to_string()]);
    assert_eq!(page.value("/next_after"), Value::Null);
    let actor = json!({
        "user_id": ann.id, "session_id": ann.session_id, "ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (test)",
    });
    assert_eq!(page.value("/entries/0/actor"), actor);
    assert_eq!(page.value("/entries/1"), world.entry(second).await);
    let nobody = peer.get(&path_of(UserId::generate(&SystemClock))).await.expect(200);
    assert_eq!(nobody.value(""), json!({ "entries": [], "next_after": null }));
    world.finish().await;
}

/// page by page every entry comes once, the first one first, also where a page ends among entries of one moment.
#[actix_web::test]
async fn pages_have_neither_holes_nor_doubles() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let newest = SystemClock.timestamp().as_millis();
    let (mut rows, mut hers) = (Vec::new(), Vec::new());
    for n in 0..1_200_i64 {
        // What happened later has the smaller id: the order is that of time.
        let (id, at) = (EventId::generate(&SystemClock).to_string(), newest - n / 300);
        rows.push(row(&id, ann.id, at));
        rows.push(row(&EventId::generate(&SystemClock).to_string(), ben.id, at));
        hers.push((at, id));
    }
    world.stored().await.insert_many(rows).await.unwrap();
    hers.sort();

    let (peer, path) = (world.admin.internal("auth"), path_of(ann.id));
    let mut query = String::new();
    for expected in hers.chunks(PAGE) {
        let page = peer.get(&format!("{path}{query}")).await.expect(200);
        let expected: Vec<&str> = expected.iter().map(|(_, id)| id.as_str()).collect();
        assert_eq!(ids_of(&page), expected);
        query = page.value("/next_after").as_str().map(|next| format!("?after={next}")).unwrap_or_default();
    }
    assert_eq!(query, "", "there is no further page");
    world.finish().await;
}

/// A-12, T-4: only services ask, each with a token that was made for this one.
#[actix_web::test]
async fn only_services_ask() {
    let world = World::new().await;
    let ann = world.user("ann");
    let cases = [
        (world.admin.anonymous(), "UNAUTHORIZED"),
        (world.admin.anonymous().bearer("nonsense"), "TOKEN_INVALID"),
        (world.admin.anonymous().bearer(&service_token("auth", "files")), "TOKEN_INVALID"),
        (world.admin.client(&ann), "TOKEN_INVALID"),
        (world.root.clone(), "TOKEN_INVALID"),
    ];
    for (client, code) in cases {
        let refused = client.get(&path_of(ann.id)).await.expect(401);
        assert_eq!(refused.error_code(), code);
    }
    world.finish().await;
}

/// T-4: what is wrong with a request is told.
#[actix_web::test]
async fn bad_requests_are_refused() {
    let world = World::new().await;
    let (peer, path) = (world.admin.internal("auth"), path_of(world.user("ann").id));
    // Not base64, and a position without an id.
    let cases = [
        ("/internal/users/x/audit-log".to_owned(), "VALIDATION_ERROR", "user_id"),
        (format!("{path}?after=x"), "VALIDATION_ERROR", "after"),
        (format!("{path}?after=eyJhdCI6MX0"), "VALIDATION_ERROR", "after"),
        (format!("{path}?colour=red"), "INVALID_REQUEST", "colour"),
    ];
    for (path, code, field) in cases {
        let refused = peer.get(&path).await.expect(400);
        assert_eq!(
            (refused.error_code().as_str(), refused.error_fields()),
            (code, vec![field.to_owned()]),
            "{path}"
        );
    }
    world.finish().await;
}
