use colink_core::clock::SystemClock;
use colink_core::id::ChannelId;
use serde_json::json;

use crate::harness::World;

/// presence reads the log and the heads with a service token, and nobody else does.
#[actix_web::test]
async fn services_read_the_log_and_the_heads() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (busy, idle) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    for n in 1..=3 {
        ada.says(busy, &n.to_string()).await;
    }
    let presence = world.messaging.internal("presence");
    let unknown = ChannelId::generate(&SystemClock);
    let body = json!({ "channel_ids": [busy, idle, unknown] });
    let heads = presence.post("/internal/channels/heads", &body).await.expect(200);
    let mut found = heads.value("/heads").as_array().unwrap().clone();
    found.sort_by_key(|head| head["seq"].as_i64());
    assert_eq!(found, [json!({ "channel_id": idle, "seq": 0 }), json!({ "channel_id": busy, "seq": 3 })]);

    let events =
        presence.get(&format!("/internal/channels/{busy}/events?after=1&limit=500")).await.expect(200);
    assert_eq!((events.value("/events/0/seq"), events.value("/next_after")), (json!(2), json!(3)));
    assert_eq!(events.text("/events/0/type"), "message.created");
    presence.get(&format!("/internal/channels/{unknown}/events")).await.expect(404);
    ada.client.get(&format!("/internal/channels/{busy}/events")).await.expect(401);
    ada.client.post("/internal/channels/heads", &body).await.expect(401);
    world.finish().await;
}
