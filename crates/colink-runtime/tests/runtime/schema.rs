//! I-5: a service serves only a schema it knows, and waits for a database that is down.

use std::net::{SocketAddr, TcpListener};

use colink_runtime::config::{Sources, load};
use colink_runtime::{RunError, Running, Service, StartError, chain, migrate, start};
use colink_test::{Client, SOON, Settings, Stage, TestDatabase, eventually};

use crate::ledger::{Config, Ledger, MIGRATOR};

fn config(url: &str) -> Config {
    let overrides = format!("[postgres]\nurl = \"{url}\"");
    let sources = Sources { overrides: Some(overrides), ..Sources::default() };
    load::<Config>(Ledger::NAME, Ledger::DEFAULTS, &sources).unwrap().into_config()
}

fn client(running: &Running) -> Client {
    Client::new(format!("http://{}", running.addr()))
}

/// A database that is dropped with the test.
struct Scratch(TestDatabase);

impl Drop for Scratch {
    fn drop(&mut self) {
        self.0.clone().drop_later();
    }
}

#[tokio::test]
async fn an_unmigrated_database_is_refused_and_a_migrated_one_served() {
    let database = Scratch(TestDatabase::empty("ledger").await);
    let refused = start::<Ledger>(config(&database.0.url())).await.unwrap_err();
    assert!(matches!(refused, StartError::Schema(_)));
    assert!(chain(&refused).contains("run the `migrate` subcommand"), "{}", chain(&refused));

    migrate::<Ledger>(&config(&database.0.url())).await.unwrap();
    migrate::<Ledger>(&config(&database.0.url())).await.expect("repeatable");
    let running = start::<Ledger>(config(&database.0.url())).await.unwrap();
    let _ = client(&running).get("/ready").await.expect(200);
    assert_eq!(client(&running).get("/entries").await.expect(200).body, "0");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_later_build_is_refused() {
    let database = Scratch(TestDatabase::create("ledger", &MIGRATOR).await);
    let pool = database.0.pool();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (29990101000000, 'of the future', true, '\\x00', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let refused = start::<Ledger>(config(&database.0.url())).await.unwrap_err();
    assert!(chain(&refused).contains("29990101000000"), "{}", chain(&refused));
}

#[tokio::test]
async fn a_database_that_is_down_is_waited_for_without_crashing() {
    let database = Scratch(TestDatabase::create("ledger", &MIGRATOR).await);
    let door = Door::closed(&database.0.url());
    let running = start::<Ledger>(config(&door.url())).await.unwrap();
    let client = client(&running);
    let _ = client.get("/health").await.expect(200);
    let not_ready = client.get("/ready").await.expect(503).json();
    assert_eq!(not_ready["dependencies"]["schema"]["status"], "unhealthy");
    assert_eq!(not_ready["dependencies"]["postgres"]["status"], "unhealthy");

    door.open().await;
    eventually("ready after the database is back", SOON, async || {
        client.get("/ready").await.status.is_success().then_some(())
    })
    .await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_that_comes_back_with_another_schema_ends_the_process() {
    let database = Scratch(TestDatabase::empty("ledger").await);
    let door = Door::closed(&database.0.url());
    let running = start::<Ledger>(config(&door.url())).await.unwrap();
    door.open().await;
    let failure = tokio::time::timeout(SOON, running.wait()).await.expect("stopped in time").unwrap_err();
    assert!(matches!(&failure, RunError::Task(text) if text.contains("migrate")), "{failure}");
}

/// The harness on a service with a schema: a migrated copy, ready, and gone afterwards.
#[tokio::test]
async fn the_harness_gives_a_service_a_database_of_its_own() {
    let stage = Stage::new();
    let (one, two) =
        (stage.start::<Ledger>(Settings::new()).await, stage.start::<Ledger>(Settings::new()).await);
    sqlx::query("INSERT INTO entries VALUES (1)").execute(one.database()).await.unwrap();
    assert_eq!(one.anonymous().get("/entries").await.expect(200).body, "1");
    assert_eq!(two.anonymous().get("/entries").await.expect(200).body, "0");
    one.finish().await;
    two.finish().await;
}

/// An address at which the database can be reached once it is opened.
struct Door {
    address: SocketAddr,
    real: SocketAddr,
    url: String,
}

impl Door {
    fn closed(url: &str) -> Self {
        let parsed = reqwest::Url::parse(url).unwrap();
        let real = parsed.socket_addrs(|| Some(5432)).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut parsed = parsed;
        parsed.set_port(Some(address.port())).unwrap();
        Self { address, real: *real.first().unwrap(), url: parsed.to_string() }
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    /// Forwards connections from now on, until the test's runtime ends.
    #[expect(clippy::disallowed_methods, reason = "a forwarder of a test needs no life cycle")]
    async fn open(&self) {
        let listener = tokio::net::TcpListener::bind(self.address).await.unwrap();
        let real = self.real;
        tokio::spawn(async move {
            while let Ok((mut inner, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut outer = tokio::net::TcpStream::connect(real).await?;
                    tokio::io::copy_bidirectional(&mut inner, &mut outer).await
                });
            }
        });
    }
}
