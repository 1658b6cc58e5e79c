use colink_core::clock::SystemClock;
use colink_core::id::ChannelId;
use colink_test::{SOON, Settings, eventually};
use serde_json::{Value, json};

use crate::harness::World;

/// M-10, R-4: the log is read in stretches, in order, and shows payloads and nobody's address.
#[actix_web::test]
async fn the_log_is_read_in_stretches() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let channel = world.channel(colink_core::role::ChannelKind::Private, &[&ada]).await;
    for n in 1..=5 {
        ada.says(channel, &n.to_string()).await;
    }
    let path = format!("/channels/{channel}/events");
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = ada.client.get(&format!("{path}?after={after}&limit=2")).await.expect(200);
        assert_eq!((page.value("/head_seq"), page.value("/gap")), (json!(5), Value::Null));
        assert!(!page.json().to_string().contains("127.0.0.1"), "no addresses of others");
        seen.extend(
            page.value("/events").as_array().unwrap().iter().map(|event| event["data"]["content"].clone()),
        );
        after = page.value("/next_after").as_i64().unwrap();
        if after == 5 {
            break;
        }
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
    let end = ada.client.get(&format!("{path}?after=5")).await.expect(200);
    assert_eq!((end.value("/events"), end.value("/next_after")), (json!([]), json!(5)));
    eve.client.get(&path).await.expect(403);
    eve.client.get(&format!("/channels/{}/events", ChannelId::generate(&SystemClock))).await.expect(404);
    for bad in ["?after=-1", "?limit=0", "?limit=501", "?after=x", "?since=1"] {
        ada.client.get(&format!("{path}{bad}")).await.expect(400);
    }
    world.finish().await;
}

/// M-10: what is older than the retention and published is dropped, and whoever asks for it is told so.
#[actix_web::test]
async fn dropped_events_are_a_gap() {
    let world = World::with(Settings::new().set("messaging.housekeeping_interval_s", 1)).await;
    let ada = world.person("ada").await;
    let (channel, old) = (world.public(&[&ada]).await, world.public(&[&ada]).await);
    for n in 1..=4 {
        ada.says(channel, &n.to_string()).await;
        ada.says(old, &n.to_string()).await;
    }
    let published = "select count(*) from channel_heads where channel_id = $1 and published_seq = 4";
    world.await_count(published, channel, 1).await;
    world.await_count(published, old, 1).await;
    sqlx::query(
        "update channel_events set at = at - interval '8 days' where channel_id = $1 or seq in (1, 2)",
    )
    .bind(old.as_uuid())
    .execute(world.db())
    .await
    .unwrap();
    let read = async |channel: ChannelId, after: i64| {
        ada.client.get(&format!("/channels/{channel}/events?after={after}")).await.expect(200)
    };
    eventually("the log is trimmed", SOON, async || {
        (read(channel, 0).await.value("/oldest_seq") == 3 && read(old, 0).await.value("/oldest_seq") == 5)
            .then_some(())
    })
    .await;
    let page = read(channel, 0).await;
    assert_eq!(page.value("/gap"), json!({ "from": 1, "to": 2 }));
    assert_eq!((page.value("/events/0/seq"), page.value("/next_after")), (json!(3), json!(4)));
    assert_eq!(read(channel, 2).await.value("/gap"), Value::Null);
    let page = read(old, 1).await;
    assert_eq!((page.value("/gap"), page.value("/next_after")), (json!({ "from": 2, "to": 4 }), json!(4)));
    ada.says(old, "5").await;
    assert_eq!(read(old, 4).await.value("/events/0/seq"), json!(5));
    world.finish().await;
}

/// M-10, R-4: what is far more than one statement drops is gone after one run, and the log begins where it should.
#[actix_web::test]
async fn one_run_drops_all_that_is_overdue() {
    let mut world = World::new().await;
    let ada = world.person("ada").await;
    let channel = world.public(&[&ada]).await;
    world.messaging.stop().await;
    sqlx::query(
        "with head as (
             update channel_heads set last_seq = 12003, published_seq = 12003 where channel_id = $1
         )
         insert into channel_events
         select $1, seq, gen_random_uuid(), 'message.created',
                now() - case when seq <= 12000 then interval '8 days' else interval '0' end, '', '{}'
         from generate_series(1, 12003) seq",
    )
    .bind(channel.as_uuid())
    .execute(world.db())
    .await
    .unwrap();
    // It does its housekeeping at its start, and then in an hour.
    world.messaging.restart().await;
    let client = world.messaging.client(&ada.user);
    let path = format!("/channels/{channel}/events?after=17");
    let page = eventually("the log is trimmed", SOON, async || {
        let page = client.get(&path).await.expect(200);
        (page.value("/oldest_seq") == 12001).then_some(page)
    })
    .await;
    assert_eq!(page.value("/gap"), json!({ "from": 18, "to": 12000 }));
    assert_eq!((page.value("/events/0/seq"), page.value("/next_after")), (json!(12001), json!(12003)));
    world.finish().await;
}

/// M-10, M-2: keys expire whatever becomes of the log.
#[actix_web::test]
async fn a_log_that_cannot_be_trimmed_keeps_no_expired_keys() {
    let settings =
        Settings::new().set("messaging.housekeeping_interval_s", 1).set("postgres.statement_timeout_ms", 300);
    let world = World::with(settings).await;
    let mut lock = world.db().begin().await.unwrap();
    sqlx::query("lock table channel_events in access exclusive mode").execute(&mut *lock).await.unwrap();
    sqlx::query("insert into idempotency_keys values ('ada', 'old', '', gen_random_uuid(), now(), now())")
        .execute(world.db())
        .await
        .unwrap();
    eventually("the key is gone", SOON, async || {
        let kept: i64 =
            sqlx::query_scalar("select count(*) from idempotency_keys").fetch_one(world.db()).await.unwrap();
        (kept == 0).then_some(())
    })
    .await;
    lock.rollback().await.unwrap();
    world.finish().await;
}
