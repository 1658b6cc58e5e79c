use colink_events::{Envelope, Topic};
use futures_util::future::join_all;
use sqlx::{Connection, PgConnection};

use crate::harness::World;

/// The first of the two keys of the locks that the log relay takes, one for each shard.
const LOG_LEASES: i32 = 0x434c_0002;

/// Takes all shards, as another replica would that then hangs: nothing is published until it lets go.
async fn hang_with_all_shards(world: &World) -> PgConnection {
    let mut replica = world.db().acquire().await.unwrap().detach();
    sqlx::query("select pg_advisory_lock($1, shard) from generate_series(0, 15) shard")
        .bind(LOG_LEASES)
        .execute(&mut replica)
        .await
        .unwrap();
    replica
}

/// T-3, E-1: what was acknowledged before a crash is published after it, in order; a stretch may come twice.
#[actix_web::test]
async fn a_crash_loses_nothing() {
    let mut world = World::new().await;
    let mut ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let texts: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    join_all(texts.iter().map(|text| ada.says(channel, text))).await;
    world.messaging.kill().await;

    // Whatever the relay had published before it died, of the next posts it publishes none before it dies again.
    let replica = hang_with_all_shards(&world).await;
    world.messaging.restart().await;
    ada.client = world.messaging.client(&ada.user);
    join_all(texts.iter().map(|text| ada.says(channel, text))).await;
    world.messaging.kill().await;
    let published =
        world.count("select published_seq from channel_heads where channel_id = $1", channel).await;
    assert!(published <= 40, "{published} were published, and nothing is left to lose");
    replica.close().await.unwrap();
    world.messaging.restart().await;

    let of_channel = |envelope: &Envelope| envelope.data.get().contains(&channel.to_string());
    events.await_envelope("the last number", |e| of_channel(e) && e.seq == Some(80)).await;
    let mut reached = 0;
    for envelope in events.seen().iter().filter(|envelope| of_channel(envelope)) {
        let seq = envelope.seq.unwrap();
        assert!(seq <= reached + 1, "{seq} overtook {}", reached + 1);
        reached = reached.max(seq);
    }
    assert_eq!(reached, 80);
    world.finish().await;
}
