use colink_core::role::ChannelRole;
use serde_json::json;

use crate::harness::World;

/// M-13: who keeps order pins; pins are listed and logged, once.
#[actix_web::test]
async fn pins_are_set_listed_and_taken_off() {
    let world = World::new().await;
    let (ada, bob) = (world.person("ada").await, world.person("bob").await);
    let channel = world.public(&[&ada, &bob]).await;
    world.promote(channel, &ada, ChannelRole::Moderator).await;
    let first = bob.says(channel, "first").await.text("/id");
    let second = bob.says(channel, "second").await.text("/id");
    bob.client.post(&format!("/messages/{first}/pin"), &json!({})).await.expect(403);
    for id in [&first, &second, &second] {
        let pinned = ada.client.post(&format!("/messages/{id}/pin"), &json!({})).await.expect(200);
        assert_eq!(pinned.value("/pinned"), json!(true));
    }
    let path = format!("/channels/{channel}/pins");
    let page = bob.client.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!(page.text("/items/0/content"), "second");
    let next = bob.client.get(&format!("{path}?cursor={}", page.text("/next_cursor"))).await.expect(200);
    assert_eq!(next.text("/items/0/content"), "first");
    ada.client.delete(&format!("/messages/{first}/pin")).await.expect(204);
    ada.client.delete(&format!("/messages/{first}/pin")).await.expect(204);
    let types: Vec<String> =
        world.log(&ada, channel).await.into_iter().skip(2).map(|(_, kind)| kind).collect();
    assert_eq!(types, ["pin.added", "pin.added", "pin.removed"]);
    world.finish().await;
}
