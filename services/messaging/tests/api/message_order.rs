use colink_core::id::MessageId;
use colink_events::Topic;
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Person, World};

const POSTERS: usize = 32;
const EACH: usize = 5;

/// One poster: posts, replies, reacts, edits and deletes, each of which takes numbers.
async fn busy(poster: &Person, channel: colink_core::id::ChannelId, root: &str, n: usize) -> usize {
    let mut numbers = 0;
    for round in 0..EACH {
        let sent = poster.says(channel, &format!("{n}.{round}")).await.text("/id");
        numbers += 1;
        match (n + round) % 4 {
            0 => {
                poster.replies(root, "r").await;
                numbers += 2;
            }
            1 => {
                let path = format!("/messages/{sent}/reactions");
                poster.client.post(&path, &json!({ "emoji": "👍" })).await.expect(201);
                numbers += 1;
            }
            2 => {
                let path = format!("/messages/{sent}");
                poster.client.put(&path, &json!({ "content": "edited" })).await.expect(200);
                numbers += 1;
            }
            _ => {
                poster.client.delete(&format!("/messages/{sent}")).await.expect(204);
                numbers += 1;
            }
        }
    }
    numbers
}

/// M-3, E-2, R-3: 32 who write at once leave no hole and no duplicate, neither in the log nor on the broker, and the
/// broker's order is the log's.
#[actix_web::test]
async fn concurrent_writers_leave_no_hole() {
    let world = World::new().await;
    let people = [world.person("ada").await, world.person("bob").await, world.person("cyd").await];
    let channel = world.public(&people.iter().collect::<Vec<_>>()).await;
    let mut events = world.stage.probe(Topic::Messages).await;
    let root = people[0].says(channel, "root").await.text("/id");

    let work = (0..POSTERS).map(|n| busy(&people[n % people.len()], channel, &root, n));
    let numbers = 1 + join_all(work).await.into_iter().sum::<usize>();

    let log = world.log(&people[0], channel).await;
    let expected: Vec<i64> = (1..=i64::try_from(numbers).unwrap()).collect();
    assert_eq!(log.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), expected);
    let of_channel = |envelope: &colink_events::Envelope| envelope.data.get().contains(&channel.to_string());
    let last = *expected.last().unwrap();
    events.await_envelope("the last number", |e| of_channel(e) && e.seq == Some(last)).await;
    let seen =
        events.seen().iter().filter(|envelope| of_channel(envelope)).filter_map(|envelope| envelope.seq);
    assert_eq!(seen.collect::<Vec<_>>(), expected);

    let replies =
        world.count("select count(*) from messages where thread_id is not null and channel_id = $1", channel);
    let shown = people[0].client.get(&format!("/messages/{root}")).await.expect(200);
    assert_eq!(shown.value("/thread/reply_count"), json!(replies.await));
    assert!(root.parse::<MessageId>().is_ok());
    world.finish().await;
}
