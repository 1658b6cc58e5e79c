//! Servers that go silent in the middle of a connection, and that take long.

use std::time::{Duration, Instant};

use bytes::Bytes;
use colink_store::postgres::{OwnConnections, PostgresConfig};
use colink_store::s3::{ObjectStore, S3Config};
use colink_store::{StoreError, postgres};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::environment::{authority, postgres_url, secret, unique, value};

/// A way to a server. While it is silent what the server says is held back, and nothing is closed: as when a host has vanished,
/// or is busy.
struct Line {
    address: String,
    silent: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Line {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (silent, watched) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut ways = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                let ((ask, answer), (far_answer, far_ask)) = (near.into_split(), far.into_split());
                ways.spawn(pass(ask, far_ask, None));
                ways.spawn(pass(far_answer, answer, Some(watched.clone())));
            }
        });
        Self { address, silent, _tasks: tasks }
    }

    fn fall_silent(&self) {
        self.silent.send_replace(true);
    }

    fn speak(&self) {
        self.silent.send_replace(false);
    }
}

/// Until either side closes.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut silent: Option<watch::Receiver<bool>>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if let Some(silent) = &mut silent {
            // The line is gone when nobody can end its silence.
            if silent.wait_for(|silent| !silent).await.is_err() {
                return;
            }
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn until_it_answers(ping: impl AsyncFn() -> Result<(), StoreError>, limit: Duration) {
    let started = Instant::now();
    while let Err(error) = ping().await {
        assert!(error.is_transient(), "{error:?}");
        assert!(started.elapsed() < limit, "{error:?}");
    }
}

/// A server that vanishes while a statement is under way keeps no place of the pool, although nothing closes its connection.
#[tokio::test]
async fn postgres_may_fall_silent_in_the_middle_of_a_statement() {
    let server = authority(&value("COLINK_PG_URL"));
    let line = Line::to(server.clone()).await;
    let config = PostgresConfig {
        max_connections: 1,
        statement_timeout_ms: 500,
        ..PostgresConfig::new(postgres_url(&line.address, "postgres").into())
    };
    let pool = postgres::connect(&config, "store-tests").await.unwrap();
    postgres::ping(&pool).await.unwrap();
    while pool.num_idle() == 0 {
        tokio::task::yield_now().await;
    }
    line.fall_silent();
    let statement = sqlx::query("select 1").execute(&pool);
    tokio::time::timeout(Duration::from_millis(300), statement).await.unwrap_err();
    assert_eq!((pool.size(), pool.num_idle()), (1, 0), "the place is taken");

    // The server is found elsewhere from now on.
    pool.set_connect_options(postgres_url(&server, "postgres").parse().unwrap());
    until_it_answers(async || postgres::ping(&pool).await, Duration::from_secs(15)).await;
}

/// A silent server keeps nobody waiting for a connection of his own longer than for one of a pool.
#[tokio::test]
async fn a_connection_of_ones_own_is_not_waited_for_longer() {
    let line = Line::to(authority(&value("COLINK_PG_URL"))).await;
    let config = PostgresConfig {
        acquire_timeout_ms: 200,
        ..PostgresConfig::new(postgres_url(&line.address, "postgres").into())
    };
    let own = OwnConnections::new(&config, "store-tests").unwrap();
    line.fall_silent();
    let lent = tokio::time::timeout(Duration::from_secs(3), own.lend()).await.unwrap();
    assert!(postgres::is_unavailable(&lent.unwrap_err()));
    line.speak();
    let lent = async || own.lend().await.map(drop).map_err(StoreError::from);
    until_it_answers(lent, Duration::from_secs(15)).await;
}

/// An upload in parts is complete when the storage has gone through all of it, which takes longer than other calls.
#[tokio::test]
async fn s3_may_take_its_time_to_complete_an_upload() {
    let line = Line::to(authority(&value("COLINK_S3_ENDPOINT"))).await;
    let config = S3Config {
        endpoint: Some(format!("http://{}", line.address)),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket: unique("patience"),
        access_key: Some(secret("COLINK_S3_ACCESS_KEY")),
        secret_key: Some(secret("COLINK_S3_SECRET_KEY")),
        path_style: true,
    };
    let store = ObjectStore::connect(&config).await.unwrap();
    store.ensure_bucket().await.unwrap();
    let mut upload = store.begin_upload("slow", "text/plain").await.unwrap();
    upload.put_part(Bytes::from_static(b"all of it")).await.unwrap();
    line.fall_silent();
    let answer = async {
        // What the storage needs; other calls are given up after 5 s.
        tokio::time::sleep(Duration::from_secs(6)).await;
        line.speak();
    };
    let (completed, ()) = tokio::join!(upload.complete(), answer);
    completed.unwrap();
    assert_eq!(store.head("slow").await.unwrap().unwrap().size, 9);
    store.remove_bucket().await.unwrap();
}
