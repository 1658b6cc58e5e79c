use colink_events::Topic;
use colink_events::channels::AccessBypassed;
use serde_json::json;

use crate::harness::World;

/// C-3: a realm admin passes without membership, and every time leaves a trace of it.
#[actix_web::test]
async fn a_realm_admin_passes_and_is_audited() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.channel(colink_core::role::ChannelKind::Private, &[&ada]).await;
    let admin = world.stage.identity().admin("root");
    let client = world.messaging.client(&admin);
    let mut events = world.stage.probe(Topic::Channels).await;

    let sent =
        client.post(&format!("/channels/{channel}/messages"), &json!({ "content": "hi" })).await.expect(201);
    assert_eq!(sent.text("/author/id"), admin.id.to_string());
    client.get(&format!("/channels/{channel}/messages")).await.expect(200);
    for action in ["send_message", "read_messages"] {
        let wanted = |event: &AccessBypassed| event.user_id == admin.id && event.action == action;
        let (event, _) = events.await_event::<AccessBypassed>(wanted).await;
        assert_eq!((event.channel_id, event.workspace_id), (Some(channel), Some(world.workspace_id)));
    }
    world.archive(channel).await;
    client.post(&format!("/channels/{channel}/messages"), &json!({ "content": "hi" })).await.expect(403);
    world.finish().await;
}
