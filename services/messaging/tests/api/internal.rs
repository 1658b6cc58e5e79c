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

/// where the log ended at a moment: what was posted from then on is all behind that number.
#[actix_web::test]
async fn presence_learns_where_the_log_ended_when_somebody_came() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (busy, idle) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    for n in 1..=3 {
        ada.says(busy, &n.to_string()).await;
    }
    let presence = world.messaging.internal("presence");
    let head_at = async |channel: ChannelId, at: &str| {
        let path = format!("/internal/channels/{channel}/head?at={at}");
        presence.get(&path).await.expect(200).value("/seq")
    };
    let events = presence.get(&format!("/internal/channels/{busy}/events?after=0")).await.expect(200);
    for event in events.value("/events").as_array().unwrap() {
        let at = event["at"].as_str().unwrap();
        let since = events
            .value("/events")
            .as_array()
            .unwrap()
            .iter()
            .filter(|other| other["at"].as_str() >= Some(at))
            .count();
        assert_eq!(head_at(busy, at).await, json!(3 - since), "{at}");
    }
    let (before, after) = ("2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z");
    assert_eq!((head_at(busy, before).await, head_at(busy, after).await), (json!(0), json!(3)));
    let unknown = ChannelId::generate(&SystemClock);
    assert_eq!((head_at(idle, before).await, head_at(unknown, after).await), (json!(0), json!(0)));
    for bad in ["", "?at=yesterday", "?at=2020-01-01T00:00:00Z&more=1"] {
        presence.get(&format!("/internal/channels/{busy}/head{bad}")).await.expect(400);
    }
    ada.client.get(&format!("/internal/channels/{busy}/head?at={before}")).await.expect(401);
    world.finish().await;
}
