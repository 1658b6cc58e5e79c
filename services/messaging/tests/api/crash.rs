use colink_events::{Envelope, Topic};
use futures_util::future::join_all;

use crate::harness::World;

/// T-3, E-1: what was acknowledged before a crash is published after it, in order; a stretch may come twice.
#[actix_web::test]
async fn a_crash_loses_nothing() {
    let mut world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let texts: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    join_all(texts.iter().map(|text| ada.says(channel, text))).await;
    world.messaging.kill().await;
    world.messaging.restart().await;

    let of_channel = |envelope: &Envelope| envelope.data.get().contains(&channel.to_string());
    events.await_envelope("the last number", |e| of_channel(e) && e.seq == Some(40)).await;
    let mut reached = 0;
    for envelope in events.seen().iter().filter(|envelope| of_channel(envelope)) {
        let seq = envelope.seq.unwrap();
        assert!(seq <= reached + 1, "{seq} overtook {}", reached + 1);
        reached = reached.max(seq);
    }
    assert_eq!(reached, 40);
    world.finish().await;
}
