//! What the consumers make of events: edits, deletions, repeats, late events, new names.

use colink_core::id::UserId;
use colink_core::role::ChannelKind;
use colink_events::channels::ChannelUpdated;
use colink_events::messages::{MessageCreated, MessagePayload, MessageUpdated};
use colink_events::users::{UserErased, UserRegistered, UserUpdated};
use colink_test::{SOON, eventually};
use serde_json::json;

use crate::harness::{World, contents, profile, time};

fn edited(message: &MessagePayload, seq: i64, content: &str) -> MessagePayload {
    let mut edited = message.clone();
    (edited.seq, edited.content, edited.edited_at) = (seq, content.to_owned(), Some(time(seq)));
    edited
}

/// S-1
#[tokio::test]
async fn an_edit_replaces_the_words_and_a_deletion_takes_them_away() {
    let world = World::new().await;
    let written = world.write(world.general, 1, &["copper wire"]).await;
    world.publish(&MessageUpdated(edited(&written[0], 2, "silver wire"))).await;
    world.await_seq(written[0].id, 2).await;
    assert_eq!(world.found("silver").await, ["silver wire"]);
    assert_eq!(world.found("copper").await, [""; 0]);
    let answer = world.ask(&world.ada, &[("q", "silver")]).await;
    assert_eq!(answer.value("/items/0/edited_at"), json!(time(2)));
    world.publish(&world.deletion(&written[0], 3)).await;
    world.await_seq(written[0].id, 3).await;
    assert_eq!(world.found("wire").await, [""; 0]);
    let kept: String = sqlx::query_scalar("select content || tsv::text from messages where message_id = $1")
        .bind(written[0].id.as_uuid())
        .fetch_one(world.search.database())
        .await
        .unwrap();
    assert_eq!(kept, "", "nothing of a deleted message is kept");
    world.search.finish().await;
}

/// S-1: at least once, in any order.
#[tokio::test]
async fn repeated_and_late_events_change_nothing() {
    let world = World::new().await;
    let first = world.message(world.general, &world.ada, 1, "brass first");
    let second = edited(&first, 4, "brass second");
    let doomed = world.message(world.general, &world.ada, 2, "brass doomed");
    world.publish(&MessageUpdated(second.clone())).await;
    world.publish(&MessageCreated(first.clone())).await;
    world.publish(&MessageUpdated(edited(&first, 3, "brass between"))).await;
    world.publish(&world.deletion(&doomed, 5)).await;
    world.publish(&MessageCreated(doomed.clone())).await;
    world.publish(&MessageUpdated(edited(&doomed, 6, "brass risen"))).await;
    for _ in 0..2 {
        world.publish(&MessageCreated(first.clone())).await;
        world.publish(&MessageUpdated(second.clone())).await;
        world.publish(&world.deletion(&doomed, 5)).await;
    }
    // Of the same channel, so of the same partition: what was before it took effect.
    world.write(world.general, 9, &["marker"]).await;
    assert_eq!(world.found("brass").await, ["brass second"]);
    let rows: i64 = sqlx::query_scalar("select count(*) from messages where workspace_id = $1")
        .bind(world.workspace.as_uuid())
        .fetch_one(world.search.database())
        .await
        .unwrap();
    assert_eq!(rows, 3);
    world.search.finish().await;
}

/// S-1: a restart goes on where the index stands.
#[tokio::test]
async fn what_happens_during_a_restart_is_found_after_it() {
    let mut world = World::new().await;
    world.write(world.general, 1, &["before noon"]).await;
    world.search.stop().await;
    let missed = world.message(world.general, &world.ada, 2, "during noon");
    world.publish(&MessageCreated(missed.clone())).await;
    world.search.restart().await;
    world.await_seq(missed.id, 2).await;
    assert_eq!(world.found("noon").await, ["during noon", "before noon"]);
    world.search.finish().await;
}

/// S-2: names are those of now, not of then.
#[tokio::test]
async fn new_names_are_shown_and_asked_for() {
    let world = World::new().await;
    world.await_channels().await;
    world.write(world.general, 1, &["zinc"]).await;
    world.publish(&UserUpdated(profile(&world.ada, "Countess", 5))).await;
    world.publish(&UserUpdated(profile(&world.ada, "Miss Byron", 4))).await;
    world.await_user(world.ada.id, 5).await;
    let mut renamed = world.channel(world.general, ChannelKind::Public, "Lobby").channel;
    renamed.version = 2;
    world.publish(&ChannelUpdated { channel: renamed }).await;
    eventually("the new name of the channel is known", SOON, async || {
        (world.found("zinc in:lobby").await == ["zinc"]).then_some(())
    })
    .await;
    assert_eq!(world.found("zinc from:countess").await, ["zinc"]);
    assert_eq!(world.found("zinc from:\"miss byron\"").await, [""; 0]);
    assert_eq!(world.found("zinc in:general-talk").await, [""; 0]);
    let answer = world.ask(&world.bob, &[("q", "zinc")]).await;
    assert_eq!(answer.value("/items/0/author/display_name"), json!("Countess"));
    assert_eq!(answer.value("/items/0/channel/name"), json!("Lobby"));

    world.publish(&UserErased { user_id: world.ada.id, email_hash: None, at: time(3) }).await;
    world.await_user(world.ada.id, i64::MAX).await;
    assert_eq!(world.found("zinc from:countess").await, [""; 0]);
    let answer = world.ask(&world.bob, &[("q", "zinc")]).await;
    assert_eq!(answer.value("/items/0/author/display_name"), json!("Deleted user"));
    world.search.finish().await;
}

/// Waits until that is true of a user's row. Other worlds share the table and look for former names, too.
async fn await_row(world: &World, what: &str, user: UserId, condition: &'static str) {
    eventually(what, SOON, async || {
        let query = format!("select count(*) from users where user_id = $1 and {condition}");
        let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query)).bind(user.as_uuid());
        (query.fetch_one(world.search.database()).await.unwrap() == 1).then_some(())
    })
    .await;
}

/// messages that mention an erased user say and are found by his alias, and erasing is final.
#[tokio::test]
async fn an_erased_user_is_mentioned_by_an_alias() {
    let world = World::new().await;
    world.publish(&UserUpdated(profile(&world.ada, "Countess", 5))).await;
    world.await_user(world.ada.id, 5).await;
    let name = &world.ada.username;
    let (plain, loud) = (format!("ask @{name}, not @{name}-x"), format!("@{}!", name.to_uppercase()));
    world.write(world.general, 1, &[&plain, &loud]).await;
    world.publish(&UserErased { user_id: world.ada.id, email_hash: None, at: time(3) }).await;
    world.await_user(world.ada.id, i64::MAX).await;
    let alias = UserErased::username(world.ada.id);
    await_row(&world, "the former name was looked for", world.ada.id, "next_pass_at is not null").await;
    assert_eq!(world.found(&alias).await, [format!("@{alias}!"), format!("ask @{alias}, not @{name}-x")]);
    // A repeat, and a profile that comes late, change nothing.
    world.publish(&UserErased { user_id: world.ada.id, email_hash: None, at: time(4) }).await;
    world.publish(&UserUpdated(profile(&world.ada, "Ada again", 99))).await;
    world.publish(&UserRegistered(profile(&world.bob, "Bob", 1))).await;
    world.await_user(world.bob.id, 1).await;
    await_row(&world, "the former name is forgotten", world.ada.id, "former_username is null").await;
    let left: i64 = sqlx::query_scalar(
        "select count(*) from users u where lower(u::text) like '%again%' or position($1 in u::text) > 0",
    )
    .bind(name)
    .fetch_one(world.search.database())
    .await
    .unwrap();
    assert_eq!(left, 0);
    world.search.finish().await;
}

/// streams overtake each other, so a message from before the erasure may be indexed after it.
#[tokio::test]
async fn an_erased_user_is_renamed_in_what_is_indexed_late() {
    let world = World::new().await;
    world.publish(&UserUpdated(profile(&world.ada, "Countess", 5))).await;
    world.await_user(world.ada.id, 5).await;
    world.publish(&UserErased { user_id: world.ada.id, email_hash: None, at: time(3) }).await;
    world.await_user(world.ada.id, i64::MAX).await;
    await_row(&world, "the former name was looked for", world.ada.id, "next_pass_at is not null").await;
    let late = world.message(world.general, &world.bob, 1, &format!("ask @{}", world.ada.username));
    world.publish(&MessageCreated(late.clone())).await;
    world.await_seq(late.id, 1).await;
    let alias = UserErased::username(world.ada.id);
    eventually("the late message is rewritten", SOON, async || {
        let found = contents(&world.ask(&world.bob, &[("q", "ask")]).await.expect(200));
        (found == [format!("ask @{alias}")]).then_some(())
    })
    .await;
    await_row(&world, "the former name is forgotten", world.ada.id, "former_username is null").await;
    world.search.finish().await;
}
