//! `GET /search`: words, operators, context, pages.

use colink_core::clock::SystemClock;
use colink_core::id::{FileId, MessageId, ReactionId};
use colink_events::messages::{
    MessageCreated, PinAdded, PinPayload, PinRemoved, ReactionAdded, ReactionPayload, ReactionRemoved,
};
use colink_test::{SOON, eventually};
use serde_json::json;

use crate::harness::{World, contents, time, values};

/// S-2
#[tokio::test]
async fn words_phrases_and_exclusions_choose_messages() {
    let world = World::new().await;
    world
        .write(
            world.general,
            1,
            &[
                "The Steam Engine runs",
                "engine of steam",
                "analytical engines",
                "nothing of that, it's don't",
            ],
        )
        .await;
    assert_eq!(world.found("ENGINE steam").await, ["engine of steam", "The Steam Engine runs"]);
    assert_eq!(world.found("\"steam engine\"").await, ["The Steam Engine runs"]);
    assert_eq!(world.found("engi -steam").await, ["analytical engines"]);
    assert_eq!(world.found("engi the").await, ["The Steam Engine runs"; 0]);
    assert_eq!(world.found("-engine -engines").await, ["nothing of that, it's don't"]);
    assert_eq!(world.found("don't").await, ["nothing of that, it's don't"]);
    assert_eq!(world.found("absent").await, [""; 0]);
    world.search.finish().await;
}

/// S-2
#[tokio::test]
async fn a_result_has_its_context() {
    let world = World::new().await;
    world.await_channels().await;
    let written = world.write(world.general, 7, &["a <b>bold</b> engine & more"]).await;
    let answer = world.ask(&world.bob, &[("q", "engin")]).await.expect(200);
    let hit = answer.value("/items/0");
    let expected = json!({
        "type": "message",
        "id": written[0].id,
        "channel_id": world.general,
        "channel": { "id": world.general, "name": "General Talk", "kind": "public" },
        "workspace_id": world.workspace,
        "seq": 7,
        "author": {
            "id": world.ada.id,
            "username": world.ada.username,
            "display_name": format!("{} the First", world.ada.username),
            "avatar_url": null,
        },
        "content": "a <b>bold</b> engine & more",
        "highlight": "a &lt;b&gt;bold&lt;/b&gt; <mark>engine</mark> &amp; more",
        "file_ids": [],
        "created_at": time(7),
    });
    assert_eq!(hit, expected);
    assert_eq!(answer.value("/next_cursor"), json!(null));
    world.search.finish().await;
}

/// S-2
#[tokio::test]
async fn operators_and_parameters_filter_alike() {
    let world = World::new().await;
    world.await_channels().await;
    world.write(world.general, 1, &["plain tea", "tea at https://example.com"]).await;
    world.write(world.secret, 1, &["secret tea"]).await;
    let mut of_bob = world.message(world.general, &world.bob, 3000, "tea of bob");
    of_bob.file_ids.push(FileId::generate(&SystemClock));
    let mut reply = world.message(world.general, &world.bob, 3001, "tea in a thread");
    reply.thread_id = Some(MessageId::generate(&SystemClock));
    for message in [&of_bob, &reply] {
        world.publish(&MessageCreated(message.clone())).await;
        world.await_seq(message.id, message.seq).await;
    }
    let (bob, bob_id, general_id) =
        (&world.bob.username, world.bob.id.to_string(), world.general.to_string());
    let (both, first) = (["tea in a thread", "tea of bob"], ["tea at https://example.com", "plain tea"]);
    for (q, parameters, expected) in [
        (format!("tea from:{bob}"), vec![("from", bob.as_str())], both.to_vec()),
        (format!("tea from:@{bob_id}"), vec![("user_id", bob_id.as_str())], both.to_vec()),
        (format!("tea from:\"{bob} the first\""), vec![("from", bob_id.as_str())], both.to_vec()),
        (
            format!("tea in:#general-talk -from:{bob}"),
            vec![("in", "General Talk"), ("before", "2026-01-11")],
            first.to_vec(),
        ),
        (
            format!("tea in:{general_id} before:2026-01-12"),
            vec![("channel_id", &general_id), ("on", "2026-01-10")],
            first.to_vec(),
        ),
        ("tea after:2026-01-11".to_owned(), vec![("after", "2026-01-11")], both.to_vec()),
        ("tea on:2026-01-12".to_owned(), vec![("after", "2026-01-12T13:00:00Z")], both.to_vec()),
        ("tea has:link".to_owned(), vec![("has", "link")], vec!["tea at https://example.com"]),
        ("tea has:file".to_owned(), vec![("has", "file")], vec!["tea of bob"]),
        ("tea is:thread".to_owned(), vec![("is", "thread")], vec!["tea in a thread"]),
        ("tea in:secret".to_owned(), vec![("in", "SECRET")], vec!["secret tea"]),
        ("tea in:nowhere".to_owned(), vec![("in", "nowhere")], vec![]),
        ("tea from:nobody".to_owned(), vec![("from", "nobody")], vec![]),
    ] {
        assert_eq!(world.found(&q).await, expected, "{q}");
        if q.contains("on:2026-01-12") {
            continue;
        }
        let answer = world.ask(&world.ada, &parameters).await.expect(200);
        assert_eq!(contents(&answer), expected, "{parameters:?}");
    }
    let own = contents(&world.ask(&world.bob, &[("q", "from:me tea")]).await.expect(200));
    assert_eq!(own, both);
    world.search.finish().await;
}

/// S-2
#[tokio::test]
async fn pins_and_reactions_can_be_asked_for() {
    let world = World::new().await;
    let written = world.write(world.general, 1, &["first note", "second note"]).await;
    let pin = |seq| PinPayload {
        message_id: written[0].id,
        channel_id: world.general,
        workspace_id: world.workspace,
        seq,
        user_id: world.ada.id,
        at: time(seq),
    };
    let reaction = |seq, count| ReactionPayload {
        id: ReactionId::generate(&SystemClock),
        message_id: written[1].id,
        channel_id: world.general,
        workspace_id: world.workspace,
        seq,
        emoji: "👍".to_owned(),
        user_id: world.ada.id,
        count,
        at: time(seq),
    };
    world.publish(&PinAdded(pin(3))).await;
    world.publish(&ReactionAdded(reaction(4, 1))).await;
    let mark = world.write(world.general, 5, &["marker one"]).await;
    assert_eq!(mark.len(), 1);
    assert_eq!(world.found("is:pinned").await, ["first note"]);
    assert_eq!(world.found("note has:reaction").await, ["second note"]);
    assert_eq!(world.found("note -has:reaction").await, ["first note"]);
    world.publish(&PinRemoved(pin(6))).await;
    world.publish(&ReactionRemoved(reaction(7, 0))).await;
    world.publish(&PinAdded(pin(3))).await;
    world.write(world.general, 8, &["marker two"]).await;
    assert_eq!(world.found("is:pinned").await, [""; 0]);
    assert_eq!(world.found("has:reaction").await, [""; 0]);
    world.search.finish().await;
}

/// S-2
#[tokio::test]
async fn pages_of_twenty_follow_each_other_without_gap_or_repeat() {
    let world = World::new().await;
    let texts: Vec<String> = (0..45).map(|n| format!("pebble {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    world.write(world.general, 1, &texts).await;
    let (mut seen, mut cursor, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let answer = world.ask(&world.ada, &[("q", "pebble"), ("cursor", &cursor)]).await.expect(200);
        let page = contents(&answer);
        sizes.push(page.len());
        seen.extend(page);
        match answer.value("/next_cursor") {
            serde_json::Value::String(next) => cursor = next,
            _ => break,
        }
    }
    assert_eq!(sizes, [20, 20, 5]);
    let expected: Vec<&str> = texts.iter().rev().copied().collect();
    assert_eq!(seen, expected);
    let two = world.ask(&world.ada, &[("q", "pebble"), ("limit", "2")]).await.expect(200);
    assert_eq!(values(&two, "content"), ["pebble 44", "pebble 43"]);
    world.search.finish().await;
}

/// S-2: a name that many have elsewhere finds the one who is here, and leaves him out.
#[tokio::test]
async fn namesakes_elsewhere_hide_nobody() {
    let world = World::new().await;
    let name = format!("{} the First", world.bob.username);
    sqlx::query(
        "insert into users (user_id, username, display_name, version)
         select gen_random_uuid(), 'namesake' || n, $1, 1 from generate_series(1, 101) n",
    )
    .bind(&name)
    .execute(world.search.database())
    .await
    .unwrap();
    world.write(world.general, 1, &["coal of ada"]).await;
    let of_bob = world.message(world.general, &world.bob, 2, "coal of bob");
    world.publish(&MessageCreated(of_bob.clone())).await;
    world.await_seq(of_bob.id, 2).await;
    assert_eq!(world.found(&format!("coal from:\"{name}\"")).await, ["coal of bob"]);
    assert_eq!(world.found(&format!("coal -from:\"{name}\"")).await, ["coal of ada"]);
    // Whoever only shared a file is somebody of the workspace, too.
    let bare = format!("from:\"{name}\"");
    world.publish(&world.deletion(&of_bob, 3)).await;
    world.await_seq(of_bob.id, 3).await;
    world.publish(&world.file(world.general, &world.bob, "coal.pdf")).await;
    eventually("his file is found", SOON, async || {
        let answer = world.ask(&world.ada, &[("tab", "files"), ("q", &bare)]).await.expect(200);
        (values(&answer, "filename") == ["coal.pdf"]).then_some(())
    })
    .await;
    world.search.finish().await;
}
