use colink_bus::{BusError, topics};

use crate::harness::World;

/// E-2: creating topics again changes nothing; a topic of another shape is refused, because keys would move.
#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_once_and_a_wrong_shape_is_refused() {
    let world = World::new(&["colink.files"]).await;
    let specs: Vec<_> = colink_events::all_topics(&world.kafka.topic_prefix)
        .into_iter()
        .filter(|spec| spec.name.ends_with("colink.files"))
        .collect();
    topics::ensure(&world.kafka, &specs).await.unwrap();

    let mut narrower = specs.clone();
    narrower[0].partitions = 3;
    let refused = topics::ensure(&world.kafka, &narrower).await.unwrap_err();
    assert!(matches!(refused, BusError::TopicShape { found: 12, expected: 3, .. }), "{refused}");
    world.end().await;
}
