use colink_core::clock::SystemClock;
use colink_core::id::WorkspaceId;
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::{ChannelMemberAdded, MemberJoined};
use colink_test::{Answer, Client};
use serde_json::{Value, json};

use crate::harness::World;
use crate::projections::{proven, updated};

fn of(answer: &Answer, channel: impl ToString) -> (i64, i64) {
    let channels = answer.value("/channels");
    let wanted = json!(channel.to_string());
    let found = channels.as_array().unwrap().iter().find(|entry| entry["channel_id"] == wanted);
    let entry = found.unwrap_or(&Value::Null);
    (entry["unread_count"].as_i64().unwrap_or(-1), entry["mention_count"].as_i64().unwrap_or(-1))
}

/// M-11: counts are exact: not one's own, not deleted, not in threads; mentions too; back and forth.
#[actix_web::test]
async fn unread_counts_are_exact() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let quiet = world.public(&[&ada]).await;
    let root = ada.says(channel, "1").await.text("/id");
    bob.says(channel, "mine").await;
    let called = ada.says(channel, &format!("hey @{}", bob.user.username)).await.text("/id");
    ada.says(channel, "@channel all").await;
    ada.replies(&root, "in the thread").await;
    let unreads = async || bob.client.get("/unreads").await.expect(200);
    assert_eq!(of(&unreads().await, channel), (3, 2));
    assert_eq!(of(&unreads().await, quiet), (-1, -1), "only channels he is in");
    ada.client.delete(&format!("/messages/{called}")).await.expect(204);
    assert_eq!(of(&unreads().await, channel), (2, 1));

    let path = format!("/channels/{channel}/read");
    let marked = bob.client.put(&path, &json!({ "seq": 1 })).await.expect(200);
    assert_eq!((marked.value("/last_read_seq"), marked.value("/unread_count")), (json!(1), json!(1)));
    let marked = bob.client.put(&path, &json!({ "seq": 999 })).await.expect(200);
    assert_eq!((marked.value("/last_read_seq"), marked.value("/unread_count")), (json!(7), json!(0)));
    assert_eq!(of(&unreads().await, channel), (0, 0));
    bob.client.put(&path, &json!({ "seq": 0 })).await.expect(200);
    assert_eq!(of(&unreads().await, channel), (2, 1), "unread again");
    for bad in [json!({ "seq": -1 }), json!({})] {
        assert_eq!(bob.client.put(&path, &bad).await.expect(400).error_fields(), ["seq"]);
    }
    bob.client.put(&format!("/channels/{quiet}/read"), &json!({ "seq": 1 })).await.expect(200);
    let scoped = bob.client.get(&format!("/unreads?workspace_id={}", world.workspace_id)).await.expect(200);
    assert_eq!(of(&scoped, channel), (2, 1));
    let other = WorkspaceId::generate(&SystemClock);
    let other =
        bob.client.with_header("X-Workspace-Id", &other.to_string()).get("/unreads").await.expect(200);
    assert_eq!(other.value("/channels"), json!([]));
    world.finish().await;
}

/// M-11: what was said before somebody came is not unread to him; counting stops at 999.
#[actix_web::test]
async fn a_newcomer_begins_with_nothing_unread() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada]).await;
    ada.says(channel, "before").await;
    let seat = world.seat(channel, ChannelKind::Public, bob.id(), ChannelRole::Member, 1);
    world.emit(&ChannelMemberAdded(seat)).await;
    world
        .await_count(
            "select count(*) from channel_members where channel_id = $1 and joined_seq = 1",
            channel,
            1,
        )
        .await;
    ada.says(channel, "after").await;
    assert_eq!(of(&bob.client.get("/unreads").await.expect(200), channel), (1, 0));
    sqlx::query(
        "insert into messages (id, channel_id, workspace_id, seq, changed_seq, in_channel, author_id, fingerprint,
                               content, content_html, created_at)
         select gen_random_uuid(), channel_id, workspace_id, 1000 + n, 1000 + n, true, author_id, fingerprint, '', '',
                created_at
         from messages, generate_series(1, 1500) n where channel_id = $1 and seq = 1",
    )
    .bind(channel.as_uuid())
    .execute(world.db())
    .await
    .unwrap();
    assert_eq!(of(&bob.client.get("/unreads").await.expect(200), channel), (999, 0));
    world.finish().await;
}

/// A-8, M-11: a workspace that asks for a second factor is left out for a session without one; the others are counted.
#[actix_web::test]
async fn a_closed_workspace_is_not_counted() {
    let mut world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let open = world.public(&[&ada, &bob]).await;
    world.workspace_id = WorkspaceId::generate(&SystemClock);
    for person in [&ada, &bob] {
        world.emit(&MemberJoined(world.member(person.id(), WorkspaceRole::Member, 1))).await;
        let seats = "select count(*) from workspace_members where user_id = $1 and active";
        world.await_count(seats, person.id(), 2).await;
    }
    let closed = world.public(&[&ada, &bob]).await;
    for channel in [open, closed] {
        ada.says(channel, &format!("hey @{}", bob.user.username)).await;
    }
    let unreads = async |client: &Client| client.get("/unreads").await.expect(200);
    assert_eq!(of(&unreads(&bob.client).await, closed), (1, 1));

    world.emit(&updated(&world, true, 2)).await;
    let asks = "select count(*) from workspaces where workspace_id = $1 and require_mfa";
    world.await_count(asks, world.workspace_id, 1).await;
    let answer = unreads(&bob.client).await;
    assert_eq!((of(&answer, open), of(&answer, closed)), ((1, 1), (-1, -1)));
    let named = format!("/unreads?workspace_id={}", world.workspace_id);
    assert_eq!(bob.client.get(&named).await.expect(200).value("/channels"), json!([]));
    let proven = proven(&world, &bob);
    let answer = unreads(&proven).await;
    assert_eq!((of(&answer, open), of(&answer, closed)), ((1, 1), (1, 1)));

    world.emit(&updated(&world, false, 3)).await;
    world.await_count(asks, world.workspace_id, 0).await;
    assert_eq!(of(&unreads(&bob.client).await, closed), (1, 1));
    world.finish().await;
}
