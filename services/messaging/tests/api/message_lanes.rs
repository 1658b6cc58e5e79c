//! Posts that meet, in one channel or in many: they wait for one another and are stored together.

use colink_core::id::ChannelId;
use colink_test::{SOON, eventually};
use futures_util::future::{join, join_all};
use serde_json::json;

use crate::harness::{Person, World};

type Held = sqlx::Transaction<'static, sqlx::Postgres>;

/// Holds channels as a statement of another replica would.
async fn hold(world: &World, channels: &[ChannelId]) -> Held {
    let mut held = world.db().begin().await.unwrap();
    sqlx::query("select from channel_heads where channel_id = any($1) for update")
        .bind(channels.iter().map(|channel| channel.as_uuid()).collect::<Vec<_>>())
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

async fn await_metric(world: &World, name: &str, wanted: i64) {
    eventually(name, SOON, async || (metric(world, name).await == wanted).then_some(())).await;
}

/// Waits until so many statements have begun since the service started.
async fn await_statements(world: &World, wanted: i64) {
    await_metric(world, "send_statements_total", wanted).await;
}

/// Lets what is held go when so many posts wait.
async fn let_go(world: &World, waiting: i64, held: Held) {
    await_metric(world, "send_posts_waiting", waiting).await;
    held.rollback().await.unwrap();
}

/// M-1, M-3: what meets in a channel is stored by one statement behind the one that runs, in the order of its arrival,
/// without a hole; who may not post is refused and takes no number.
#[actix_web::test]
async fn posts_that_meet_are_stored_together() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.person("ada").await, world.person("bob").await, world.stranger("eve").await);
    let channel = world.public(&[&ada, &bob]).await;
    let held = hold(&world, &[channel]).await;
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
    let (answers, ()) = join(posts, let_go(&world, 20, held)).await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, if n == 7 { 404 } else { 201 }, "{n}: {answer}");
        if n != 7 {
            assert_eq!(answer.text("/author/username"), of(n).user.username, "each has its own author");
        }
    }
    assert_eq!(world.seqs(&ada, channel).await, (1..=20).collect::<Vec<_>>());
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
    let held = hold(&world, &[channel]).await;
    // One runs already; of those who wait, one repeats an old key and two share a new one.
    let bodies: Vec<_> = [1, 2, 0, 3, 3, 4].map(body).into();
    let posts = join_all(bodies.iter().map(|body| ada.post(channel, body)));
    let (answers, ()) = join(posts, let_go(&world, 5, held)).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 4, "{statuses:?}");
    assert_eq!((statuses[2], answers[2].text("/id")), (200, first));
    assert_eq!(answers[3].text("/id"), answers[4].text("/id"));
    assert_eq!(world.seqs(&ada, channel).await, [1, 2, 3, 4, 5]);
    world.finish().await;
}

/// M-2: a client that goes away while its post waits may ask with the same key what became of it: it is one message. Those
/// behind it are served.
#[actix_web::test]
async fn a_client_that_goes_away_leaves_one_message_at_most() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    let held = hold(&world, &[channel]).await;
    let body = |n: usize| json!({ "content": format!("message {n}"), "client_msg_id": format!("k-{n}") });
    let (running, waiting) = (body(1), body(2));
    let held_up = tokio::select! {
        _ = join(ada.post(channel, &running), ada.post(channel, &waiting)) => false,
        // One waits, so the other is being stored: now their client goes away.
        () = await_metric(&world, "send_posts_waiting", 1) => true,
    };
    assert!(held_up, "answered while somebody else holds the channel");
    held.rollback().await.unwrap();
    for (n, body) in [(1, &running), (2, &waiting), (3, &body(3))] {
        let answer = ada.post(channel, body).await;
        assert!(matches!(answer.status.as_u16(), 200 | 201), "{n}: {answer}");
    }
    assert_eq!(world.seqs(&ada, channel).await, [1, 2, 3]);
    world.finish().await;
}

/// M-1: a channel that somebody else holds keeps nobody waiting but those who post there.
#[actix_web::test]
async fn a_channel_that_is_held_up_holds_up_no_other() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (one, other) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    let held = hold(&world, &[one]).await;
    let body = json!({ "content": "hello" });
    let first = ada.post(one, &body);
    let beside = async {
        await_statements(&world, 1).await;
        for _ in 0..3 {
            ada.post(other, &body).await.expect(201);
        }
        held.rollback().await.unwrap();
    };
    let (first, ()) = join(first, beside).await;
    assert_eq!(first.status, 201, "{first}");
    assert_eq!(world.seqs(&ada, other).await, [1, 2, 3]);
    world.finish().await;
}

/// Statements that the service runs at a time.
const AT_ONCE: usize = 4;

/// Channels whose posts are held up, as many as there may be statements at a time: whoever posts now waits.
struct Occupied {
    channels: Vec<ChannelId>,
    held: Held,
}

impl Occupied {
    async fn new(world: &World, ada: &Person) -> Self {
        let mut channels = Vec::new();
        for _ in 0..AT_ONCE {
            channels.push(world.public(&[ada]).await);
        }
        Self { held: hold(world, &channels).await, channels }
    }

    /// Posts in them, and does the rest while these posts are held up.
    async fn during<T>(self, world: &World, ada: &Person, rest: impl AsyncFnOnce(Held) -> T) -> T {
        let Self { channels, held } = self;
        let before = metric(world, "send_statements_total").await;
        let body = json!({ "content": "held up" });
        // One after the other, or they would share a statement.
        let posts = join_all((0..).zip(&channels).map(|(earlier, channel)| {
            let body = &body;
            async move {
                await_statements(world, before + earlier).await;
                ada.post(*channel, body).await
            }
        }));
        let (answers, outcome) = join(posts, async {
            await_statements(world, before + AT_ONCE as i64).await;
            rest(held).await
        })
        .await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        outcome
    }
}

/// M-1, M-3: while enough statements run, posts of free channels wait and are stored together: each channel has its own numbers.
/// Who may not post takes none.
#[actix_web::test]
async fn posts_of_many_channels_are_stored_together() {
    let world = World::new().await;
    let (ada, bob, eve) = (world.person("ada").await, world.person("bob").await, world.stranger("eve").await);
    let mut free = Vec::new();
    for _ in 0..6 {
        free.push(world.public(&[&ada, &bob]).await);
    }
    let of = |n: usize| match n {
        7 => &eve,
        n if n % 2 == 0 => &ada,
        _ => &bob,
    };
    let bodies: Vec<_> =
        (0..18).map(|n| json!({ "content": format!("{n} calls @{}", bob.user.username) })).collect();
    let occupied = Occupied::new(&world, &ada).await;
    let (answers, statements) = occupied
        .during(&world, &ada, async |held| {
            let posts = join_all(bodies.iter().enumerate().map(|(n, body)| of(n).post(free[n % 6], body)));
            let before = metric(&world, "send_statements_total").await;
            let (answers, ()) = join(posts, let_go(&world, 18, held)).await;
            (answers, metric(&world, "send_statements_total").await - before)
        })
        .await;
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, if n == 7 { 404 } else { 201 }, "{n}: {answer}");
        if n != 7 {
            assert_eq!(answer.text("/author/username"), of(n).user.username, "each has its own author");
            assert_eq!(answer.text("/channel_id"), free[n % 6].to_string());
        }
    }
    for (place, channel) in free.iter().enumerate() {
        let posts = if place == 1 { 2 } else { 3 };
        assert_eq!(world.seqs(&ada, *channel).await, (1..=posts).collect::<Vec<_>>(), "{place}");
        let mentions = "select count(*) from message_mentions m
                        join messages x on x.id = m.message_id and x.seq = m.seq and x.channel_id = m.channel_id
                        where m.channel_id = $1 and x.author_id <> m.user_id";
        let called = world.count(mentions, *channel).await;
        assert_eq!(
            called,
            if place % 2 == 0 { 3 } else { 0 },
            "whom a message calls stands beside that message"
        );
    }
    // One for all, and once more for who was refused: he is asked about and tried again.
    assert!((1..=3).contains(&statements), "{statements} statements for 18 posts");
    world.finish().await;
}

/// M-2: a repeated key in one channel takes nothing from the posts of other channels that are stored with it.
#[actix_web::test]
async fn a_repeated_key_does_not_spoil_other_channels() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (one, other) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    let keyed = json!({ "content": "keyed", "client_msg_id": "k" });
    let first = ada.post(one, &keyed).await.expect(201).text("/id");
    let occupied = Occupied::new(&world, &ada).await;
    let (repeated, new) = occupied
        .during(&world, &ada, async |held| {
            let body = json!({ "content": "new" });
            let posts = join(ada.post(one, &keyed), ada.post(other, &body));
            let (answers, ()) = join(posts, let_go(&world, 2, held)).await;
            answers
        })
        .await;
    assert_eq!((repeated.status.as_u16(), repeated.text("/id")), (200, first));
    assert_eq!(new.status, 201, "{new}");
    assert_eq!((world.seqs(&ada, one).await, world.seqs(&ada, other).await), (vec![1], vec![1]));
    world.finish().await;
}

/// M-1: two who hold each other's channels are told apart by the database; what it takes back is stored all the same.
#[actix_web::test]
async fn posts_survive_a_deadlock() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let (first, second) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    assert!(first < second, "ids grow, and rows are locked by id");
    let occupied = Occupied::new(&world, &ada).await;
    let mut other = world.db().begin().await.unwrap();
    // Ours is the one that is taken back.
    sqlx::query("set local deadlock_timeout = '1min'").execute(&mut *other).await.unwrap();
    let lock = "select from channel_heads where channel_id = $1 for update";
    sqlx::query(lock).bind(second.as_uuid()).execute(&mut *other).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let answers = occupied
        .during(&world, &ada, async |held| {
            let body = json!({ "content": "both" });
            let posts = join(ada.post(first, &body), ada.post(second, &body));
            let (answers, ()) = join(posts, async {
                let_go(&world, 2, held).await;
                eventually("the statement has one and waits for the other", SOON, async || {
                    let count: i64 = sqlx::query_scalar(waiting).fetch_one(world.db()).await.unwrap();
                    (count == 1 && metric(&world, "send_posts_waiting").await == 0).then_some(())
                })
                .await;
                sqlx::query(lock).bind(first.as_uuid()).execute(&mut *other).await.unwrap();
                other.rollback().await.unwrap();
            })
            .await;
            answers
        })
        .await;
    assert_eq!((answers.0.status.as_u16(), answers.1.status.as_u16()), (201, 201), "{answers:?}");
    assert_eq!((world.seqs(&ada, first).await, world.seqs(&ada, second).await), (vec![1], vec![1]));
    world.finish().await;
}
