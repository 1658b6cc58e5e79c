use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, FileId};
use colink_core::role::ChannelKind;
use colink_events::Topic;
use colink_events::messages::{Mention, MessageCreated};
use serde_json::json;

use crate::harness::World;

/// M-1, M-3, E-1: a message is stored, numbered, logged and published, and all four say the same.
#[actix_web::test]
async fn a_message_is_stored_logged_and_published() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    let mut events = world.stage.probe(Topic::Messages).await;

    let content = format!("Hi @{}, see **this**", bob.user.username);
    let file = FileId::generate(&SystemClock);
    let body = json!({ "content": content, "file_ids": [file], "client_msg_id": "m-1" });
    let sent = ada.post(channel, &body).await.expect(201);

    assert_eq!((sent.value("/seq"), sent.text("/content")), (json!(1), content.clone()));
    assert_eq!(sent.text("/author/display_name"), "Dr. ada");
    assert_eq!(sent.value("/mentions"), json!([{ "kind": "user", "user_id": bob.id() }]));
    assert!(sent.text("/content_html").contains("<strong>this</strong>"));
    assert_eq!((sent.value("/reactions"), sent.value("/pinned")), (json!([]), json!(false)));

    let (event, envelope) = events.await_event::<MessageCreated>(|event| event.0.channel_id == channel).await;
    assert_eq!(event.0.id.to_string(), sent.text("/id"));
    assert_eq!((envelope.seq, envelope.workspace_id), (Some(1), Some(world.workspace_id)));
    assert_eq!(envelope.actor.as_ref().and_then(|actor| actor.user_id), Some(ada.id()));
    assert_eq!(envelope.request_id.as_ref().map(ToString::to_string).as_deref(), sent.header("x-request-id"));
    assert_eq!(event.0.mentions, [Mention::User { user_id: bob.id() }]);
    assert_eq!((event.0.author.display_name.as_str(), event.0.file_ids.as_slice()), ("Dr. ada", &[file][..]));

    let stored: String =
        sqlx::query_scalar("select data from channel_events where channel_id = $1 and seq = 1")
            .bind(channel.as_uuid())
            .fetch_one(world.db())
            .await
            .unwrap();
    assert_eq!(stored, envelope.data.get(), "the stored text is what was published");
    let read = ada.client.get(&format!("/messages/{}", sent.text("/id"))).await.expect(200);
    assert_eq!(read.value(""), sent.value(""), "what is read is what the sender was told");
    world.finish().await;
}

/// M-1: 4,000 characters of any script, and not one more.
#[actix_web::test]
async fn the_length_counts_characters() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let thai = "สวัสดีครับ";
    let longest: String = thai.chars().cycle().take(4_000).collect();
    let sent = ada.says(channel, &longest).await;
    assert_eq!(sent.text("/content"), longest);
    let refused = ada.post(channel, &json!({ "content": format!("{longest}ก") })).await.expect(400);
    assert_eq!(
        (refused.error_code(), refused.error_fields()),
        ("VALIDATION_ERROR".into(), vec!["content".into()])
    );
    world.finish().await;
}

/// M-1: what was written is kept as written, and rendered harmless.
#[actix_web::test]
async fn attacks_are_kept_as_written_and_rendered_harmless() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    for attack in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href='javascript:alert(1)'>x</a>",
        "\"},\"seq\":99,\"data\":{\"x\":\"",
    ] {
        let sent = ada.says(channel, attack).await;
        assert_eq!(sent.text("/content"), attack);
        let html = sent.text("/content_html");
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("href=\"javascript"),
            "{html}"
        );
    }
    assert_eq!(world.log(&ada, channel).await.len(), 5);
    world.finish().await;
}

/// C-2, C-5, M-1: who may not post is told so, and who may not know is told nothing.
#[actix_web::test]
async fn only_members_post() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let stranger = world.stranger("stranger").await;
    let open = world.public(&[&ada]).await;
    let closed = world.channel(ChannelKind::Private, &[&ada]).await;
    let body = json!({ "content": "hi" });
    for channel in [open, closed] {
        assert_eq!(eve.post(channel, &body).await.expect(403).error_code(), "FORBIDDEN");
        let hidden = stranger.post(channel, &body).await.expect(404);
        let missing = stranger.post(ChannelId::generate(&SystemClock), &body).await.expect(404);
        assert_eq!(hidden.json()["error"], missing.json()["error"]);
    }
    eve.client.get(&format!("/channels/{open}/messages")).await.expect(200);
    eve.client.get(&format!("/channels/{closed}/messages")).await.expect(403);
    stranger.client.get(&format!("/channels/{open}/messages")).await.expect(404);
    assert_eq!(
        world.count("select count(*) from messages where workspace_id = $1", world.workspace_id).await,
        0
    );
    world.finish().await;
}

/// C-6: a removed member's next send is refused; an archived channel takes nothing.
#[actix_web::test]
async fn removal_and_archiving_end_posting() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    bob.says(channel, "still here").await;
    world.remove(channel, &bob).await;
    bob.post(channel, &json!({ "content": "gone" })).await.expect(403);
    let sent = ada.says(channel, "alone").await;
    world.archive(channel).await;
    let refused = ada.post(channel, &json!({ "content": "late" })).await.expect(403);
    assert!(refused.error_message().contains("archived"));
    let id = sent.text("/id");
    ada.client.put(&format!("/messages/{id}"), &json!({ "content": "x" })).await.expect(403);
    ada.client.delete(&format!("/messages/{id}")).await.expect(403);
    ada.client.post(&format!("/messages/{id}/reactions"), &json!({ "emoji": "👍" })).await.expect(403);
    ada.client.post(&format!("/messages/{id}/threads"), &json!({ "content": "x" })).await.expect(403);
    assert_eq!(world.log(&ada, channel).await.len(), 2, "no refusal took a number");
    world.finish().await;
}

/// C-6: who has just joined may post before the event of it has arrived; after that nobody is asked again.
#[actix_web::test]
async fn a_new_member_posts_before_his_event_arrives() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let newcomer = world.stage.identity().user("newcomer");
    let client = world.messaging.client(&newcomer);
    let channel = ChannelId::generate(&SystemClock);
    world.channels.knows(
        channel,
        newcomer.id,
        json!({
            "channel_id": channel, "workspace_id": world.workspace_id, "kind": "private", "archived": false,
            "workspace_role": "member", "channel_role": "member",
            "channel_version": 1, "member_version": 1, "workspace_member_version": 1,
        }),
    );
    let path = format!("/channels/{channel}/messages");
    let sent = client.post(&path, &json!({ "content": "first" })).await.expect(201);
    assert_eq!(sent.text("/author/username"), newcomer.username, "auth is away: the token's name will do");
    client.post(&path, &json!({ "content": "second" })).await.expect(201);
    assert_eq!(world.channels.asked(), 1);
    ada.post(channel, &json!({ "content": "me too" })).await.expect(403);
    world.finish().await;
}

/// M-8: `@channel` counts for members and not for guests; nobody calls himself; code calls nobody.
#[actix_web::test]
async fn calls_are_parsed_on_the_server() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let guest = world.person_as("guest", colink_core::role::WorkspaceRole::Guest).await;
    let stranger = world.stranger("stranger").await;
    let channel = world.public(&[&ada, &guest]).await;
    let name = &guest.user.username;
    let all = ada.says(channel, &format!("@channel @{name} `@{name}` @{}", stranger.user.username)).await;
    let expected = json!([{ "kind": "user", "user_id": guest.id() }, { "kind": "channel" }]);
    assert_eq!(all.value("/mentions"), expected);
    assert_eq!(guest.says(channel, "@here listen").await.value("/mentions"), json!([]));
    let code = ada.says(channel, &format!("```\n@{name}\n```")).await;
    assert_eq!(code.value("/mentions"), json!([]));
    world.finish().await;
}
