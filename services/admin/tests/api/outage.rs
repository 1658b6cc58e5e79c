use colink_test::{Environment, SOON, Settings, eventually};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::harness::{World, by};

/// Passes connections at `address` on to the store until the set is dropped, and with it every connection.
async fn forward(address: &str) -> JoinSet<()> {
    let store = Environment::get().mongo().trim_start_matches("mongodb://");
    let store = store.split(['/', '?']).next().unwrap().to_owned();
    let listener = TcpListener::bind(address).await.unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(&store).await.unwrap();
            connections.spawn(async move {
                // Either side may close at any time.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    tasks
}

/// D-3, E-4: while the store is away the log waits; then it has every event, and nothing was parked.
#[actix_web::test]
async fn nothing_is_lost_while_the_store_is_away() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let mut link = forward(&address).await;
    let url = format!("mongodb://{address}/?retryWrites=false");
    let world = World::with(Settings::new().set("mongo.url", url)).await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let before = world.publish(&world.removal(ben.id), &by(&ann)).await;
    world.entry(before).await;

    link.shutdown().await;
    let mut meanwhile = Vec::new();
    for _ in 0..3 {
        meanwhile.push(world.publish(&world.removal(ben.id), &by(&ann)).await);
    }
    eventually("the consumer waits", SOON, async || {
        let metrics = world.admin.anonymous().get("/metrics").await;
        let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
        let waits = |line: &str| line.contains("admin-audit") && line.contains("outcome=\"unavailable\"");
        metrics.lines().any(waits).then_some(())
    })
    .await;
    let refused = world.root.get("/admin/audit-log").await.expect(503);
    assert_eq!(refused.error_code(), "SERVICE_UNAVAILABLE");
    eventually("it is not ready", SOON, async || {
        (world.admin.anonymous().get("/ready").await.status == 503).then_some(())
    })
    .await;

    let _link = forward(&address).await;
    for id in meanwhile {
        world.entry(id).await;
    }
    let found = world.ids(&format!("workspace_id={}", world.workspace_id)).await;
    assert_eq!(found.len(), 4);
    let metrics = world.admin.anonymous().get("/metrics").await;
    assert!(!String::from_utf8_lossy(&metrics.body).contains("outcome=\"parked\""));
    world.finish().await;
}
