//! Posts that meet in a channel: they wait for one another and are stored together.

use std::time::Duration;

use colink_core::id::ChannelId;
use colink_test::{SOON, eventually};
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::harness::World;

/// Holds the channel as a statement of another replica would.
async fn hold(world: &World, channel: ChannelId) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = world.db().begin().await.unwrap();
    sqlx::query("select from channel_heads where channel_id = $1 for update")
        .bind(channel.as_uuid())
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

async fn metric(world: &World, name: &str) -> i64 {
    let answer = world.messaging.anonymous().get("/metrics").await.expect(200);
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{"))).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn await_waiting(world: &World, wanted: i64) {
    eventually("posts wait", SOON, async || {
        (metric(world, "send_posts_waiting").await == wanted).then_some(())
    })
    .await;
}

/// M-1, M-3: what meets in a channel is stored by one statement behind the one that runs, in the order of its arrival,
/// without a hole; who may not post is refused and takes no number.
#[actix_web::test]
async fn posts_that_meet_are_stored_together() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.person("ada").await, world.person("bob").await, world.stranger("eve").await);
    let channel = world.public(&[&ada, &bob]).await;
    let held = hold(&world, channel).await;
    let before = metric(&world, "send_statements_total").await;
    let of = |n: usize| match n {
        7 => &eve,
        n if n % 2 == 0 => &ada,
        _ => &bob,
    };
    let posts = join_all((0..21).map(|n| {
        let content = format!("{n} calls @{}", bob.user.username);
        async move { of(n).post(channel, &json!({ "content": content })).await }
    }));
    let (answers, ()) = join(posts, async {
        await_waiting(&world, 20).await;
        held.rollback().await.unwrap();
    })
    .await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, if n == 7 { 404 } else { 201 }, "{n}: {answer}");
        if n != 7 {
            assert_eq!(answer.text("/author/username"), of(n).user.username, "each has its own author");
        }
    }
    let seqs: Vec<i64> = world.log(&ada, channel).await.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    let mentions =
        "select count(*) from message_mentions m join messages x on x.id = m.message_id and x.seq = m.seq
                    where m.channel_id = $1 and x.author_id <> m.user_id";
    assert_eq!(world.count(mentions, channel).await, 11, "whom a message calls stands beside that message");
    // The first, those who waited, and once more for who was refused: he is asked about and tried again.
    let statements = metric(&world, "send_statements_total").await - before;
    assert!((2..=4).contains(&statements), "{statements} statements for 21 posts");
    world.finish().await;
}

/// M-2: a repeated key among posts that are stored together is answered with its message and takes nothing from the others.
#[actix_web::test]
async fn a_repeated_key_does_not_spoil_the_posts_beside_it() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let body = |n: usize| json!({ "content": format!("message {n}"), "client_msg_id": format!("k-{n}") });
    let first = ada.post(channel, &body(0)).await.expect(201).text("/id");
    let held = hold(&world, channel).await;
    // One runs already; of those who wait, one repeats an old key and two share a new one.
    let bodies: Vec<_> = [1, 2, 0, 3, 3, 4].map(body).into();
    let posts = join_all(bodies.iter().map(|body| ada.post(channel, body)));
    let (answers, ()) = join(posts, async {
        await_waiting(&world, 5).await;
        held.rollback().await.unwrap();
    })
    .await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 4, "{statuses:?}");
    assert_eq!((statuses[2], answers[2].text("/id")), (200, first));
    assert_eq!(answers[3].text("/id"), answers[4].text("/id"));
    let seqs: Vec<i64> = world.log(&ada, channel).await.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    world.finish().await;
}

/// M-2: a client that goes away while its post waits may ask with the same key what became of it: it is one message. Those
/// behind it are served.
#[actix_web::test]
async fn a_client_that_goes_away_leaves_one_message_at_most() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let held = hold(&world, channel).await;
    let body = |n: usize| json!({ "content": format!("message {n}"), "client_msg_id": format!("k-{n}") });
    let (running, waiting) = (body(1), body(2));
    let impatient = join(ada.post(channel, &running), ada.post(channel, &waiting));
    let given_up =
        tokio::time::timeout(Duration::from_secs(2), join(impatient, await_waiting(&world, 1))).await;
    assert!(given_up.is_err(), "both are held up");
    held.rollback().await.unwrap();
    for (n, body) in [(1, &running), (2, &waiting), (3, &body(3))] {
        let answer = ada.post(channel, body).await;
        assert!(matches!(answer.status.as_u16(), 200 | 201), "{n}: {answer}");
    }
    let seqs: Vec<i64> = world.log(&ada, channel).await.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    world.finish().await;
}
