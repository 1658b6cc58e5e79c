//! Devices that Redis loses, and devices that nobody keeps any more.

use colink_core::clock::SystemClock;
use colink_core::id::UserId;
use colink_test::{Environment, SOON, Settings, Socket, TestUser, eventually};
use redis::aio::MultiplexedConnection;
use serde_json::Value;
use uuid::Uuid;

use crate::harness::Node;

/// Redis as a node sees it.
struct Store {
    prefix: String,
    connection: MultiplexedConnection,
}

impl Store {
    async fn of(node: &Node) -> Self {
        let client = redis::Client::open(Environment::get().redis()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        Self { prefix: node.stage.redis_prefix(), connection }
    }

    fn expiry(&self) -> String {
        format!("{}:presence:expiry", self.prefix)
    }

    fn hash(&self, user: UserId) -> String {
        format!("{}:presence:{user}", self.prefix)
    }

    /// When the device counts as gone, and its status.
    async fn device(&mut self, user: UserId, socket: &str) -> (Option<f64>, Option<String>) {
        redis::pipe()
            .zscore(self.expiry(), format!("{user}/{socket}"))
            .hget(self.hash(user), socket)
            .query_async(&mut self.connection)
            .await
            .unwrap()
    }

    /// Takes a device out as a sweep does.
    async fn take(&mut self, user: UserId, socket: &str) {
        redis::pipe()
            .zrem(self.expiry(), format!("{user}/{socket}"))
            .hdel(self.hash(user), socket)
            .exec_async(&mut self.connection)
            .await
            .unwrap();
    }

    async fn delete(&mut self, keys: &[String]) {
        redis::cmd("DEL").arg(keys).exec_async(&mut self.connection).await.unwrap();
    }
}

/// The server's name for a socket.
fn id(socket: &Socket) -> String {
    socket.seen()[0]["session_id"].as_str().unwrap().to_owned()
}

fn is_seen(user: &TestUser, status: &'static str) -> impl Fn(&Value) -> bool {
    let id = user.id.to_string();
    move |frame| frame["type"] == "presence" && frame["user_id"] == *id && frame["status"] == status
}

/// whatever Redis lost of a device while its socket was open comes back with a heartbeat, as it was.
#[tokio::test]
async fn a_device_that_redis_lost_comes_back() {
    let node = Node::start_with(Settings::new().set("sockets.heartbeat_ms", 500)).await;
    let (ann, ben) = (node.user("ann"), node.user("ben"));
    let channel = node.channel(&[&ann, &ben]);
    let (mut his, mut hers) = (node.follow(&ben, channel).await, node.follow(&ann, channel).await);
    hers.send(&serde_json::json!({"type": "presence", "status": "away"})).await;
    his.await_frame("ann is away", is_seen(&ann, "away")).await;
    let mut store = Store::of(&node).await;
    for loss in ["swept", "flushed", "evicted"] {
        match loss {
            "swept" => store.take(ann.id, &id(&hers)).await,
            "flushed" => store.delete(&[store.expiry(), store.hash(ann.id), store.hash(ben.id)]).await,
            _ => store.delete(&[store.hash(ann.id)]).await,
        }
        // Her client answers pings only while it reads.
        tokio::select! {
            _ = his.await_frame(loss, is_seen(&ann, "away")) => {}
            end = hers.await_close() => panic!("{loss}: {end:?}"),
        }
        let (expires, status) = store.device(ann.id, &id(&hers)).await;
        assert!(expires.is_some(), "{loss}");
        assert_eq!(status.as_deref(), Some("away"), "{loss}");
    }
}

/// a socket that leaves does not bring back what was taken out before.
#[tokio::test]
async fn a_device_that_left_is_not_brought_back() {
    let node = Node::start().await;
    let ann = node.user("ann");
    let (phone, laptop) = (node.connect(&ann).await, node.connect(&ann).await);
    let (gone, left) = (id(&phone), id(&laptop));
    let mut store = Store::of(&node).await;
    store.take(ann.id, &gone).await;
    let (kept_until, _) = store.device(ann.id, &left).await;
    phone.close().await;
    eventually("the phone's socket has ended", SOON, async || (node.open_sockets().await == 1).then_some(()))
        .await;
    laptop.close().await;
    let in_grace = eventually("the laptop's socket has ended", SOON, async || {
        let mut store = Store::of(&node).await;
        let (ends, _) = store.device(ann.id, &left).await;
        (ends < kept_until).then_some(ends.is_some())
    })
    .await;
    assert!(in_grace);
    assert_eq!(store.device(ann.id, &gone).await, (None, None));
}

/// a node that died with thousands of sockets; its users are gone with one sweep, however many they are.
#[tokio::test]
async fn one_sweep_takes_all_that_is_due() {
    const DEAD: usize = 5_000;
    let node = Node::start().await;
    let (ben, ghost) = (node.user("ben"), node.user("ghost"));
    let channel = node.channel(&[&ben]);
    let mut his = node.follow(&ben, channel).await;
    let mut store = Store::of(&node).await;
    // Two devices of the ghost, the last one behind all the others.
    let of_ghost = [Uuid::nil(), Uuid::max()].map(|socket| socket.to_string());
    let (mut devices, mut hash) = (redis::cmd("ZADD"), redis::cmd("HSET"));
    devices.arg(store.expiry()).arg(1).arg(format!("{}/{}", ghost.id, of_ghost[0]));
    for number in 0..DEAD {
        let user = UserId::generate(&SystemClock);
        devices.arg(2 + number).arg(format!("{user}/{}", user.as_uuid()));
    }
    devices.arg(2 + DEAD).arg(format!("{}/{}", ghost.id, of_ghost[1]));
    hash.arg(store.hash(ghost.id)).arg(format!("in:{}", node.world.workspace_of(channel))).arg("");
    for socket in &of_ghost {
        hash.arg(socket).arg("online");
    }
    redis::pipe().add_command(hash).add_command(devices).exec_async(&mut store.connection).await.unwrap();

    his.await_frame("the ghost is gone", is_seen(&ghost, "offline")).await;
    let kept: Vec<String> = redis::cmd("ZRANGE")
        .arg(store.expiry())
        .arg(0)
        .arg(-1)
        .query_async(&mut store.connection)
        .await
        .unwrap();
    assert_eq!(kept, [format!("{}/{}", ben.id, id(&his))], "who is there stays");
    for socket in &of_ghost {
        assert_eq!(store.device(ghost.id, socket).await, (None, None));
    }
}
