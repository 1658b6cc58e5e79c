//! A Postgres database per test, copied from a migrated template.
//!
//! The template is made once per set of migrations and kept; a copy takes some tens of milliseconds. Databases of dead
//! processes are dropped when the first test of a process asks for one.

use std::collections::HashSet;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::environment::Environment;
use crate::janitor;
use crate::names::{self, Owner};

/// Held while a template is made, by all test processes on the server.
const LOCK: i64 = 0x636f_6c69_6e6b;

/// Databases of dead processes that may wait for the janitor.
const BACKLOG: usize = 20;

/// Keeps a copy of every event that is put in the outbox, out of sight of the service.
const KEEP_EVENTS: &str = r"
    CREATE SCHEMA harness;
    CREATE TABLE harness.events (payload text NOT NULL);
    CREATE FUNCTION harness.keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO harness.events VALUES (convert_from(new.payload, 'UTF8'));
        RETURN NULL;
    END $$;
    CREATE TRIGGER keep_event AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION harness.keep_event();
";

/// One database; it stays until [`Self::drop_now`] or [`Self::drop_later`].
#[derive(Clone, Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A fresh copy of the migrated schema of `service`.
    ///
    /// # Panics
    /// When the server is down or a migration fails.
    pub async fn create(service: &str, migrator: &Migrator) -> Self {
        let template = template(service, migrator).await;
        Self::copy(service, &template).await
    }

    /// An empty database, for a service whose `migrate` command shall fill it.
    ///
    /// # Panics
    /// When the server is down.
    pub async fn empty(service: &str) -> Self {
        sweep_once().await;
        Self::copy(service, "template1").await
    }

    async fn copy(service: &str, template: &str) -> Self {
        let name = format!("{}_{}", names::unique(), service.replace('-', "_"));
        let mut server = server().await;
        run(&mut server, format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#)).await;
        Self { name }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        url_of(&self.name)
    }

    /// A small pool of the test's own, for assertions.
    ///
    /// # Panics
    /// When the URL of the environment is none.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        let options: PgConnectOptions = self.url().parse().expect("a Postgres URL");
        PgPoolOptions::new().max_connections(3).connect_lazy_with(options)
    }

    /// Drops it, whoever is connected.
    ///
    /// # Panics
    /// When the server is down.
    pub async fn drop_now(&self) {
        drop_database(&self.name).await;
    }

    /// Drops it in the background, whoever is connected.
    pub fn drop_later(self) {
        janitor::drop_later(self.name);
    }
}

pub(crate) async fn drop_database(name: &str) {
    let mut server = server().await;
    run(&mut server, format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#)).await;
}

async fn template(service: &str, migrator: &Migrator) -> String {
    static MADE: Mutex<Option<HashSet<String>>> = Mutex::const_new(None);
    sweep_once().await;
    let family = format!("template_{}_", service.replace('-', "_"));
    let name = format!("{family}{}", fingerprint(migrator));
    let mut made = MADE.lock().await;
    let made = made.get_or_insert_default();
    if made.contains(&name) {
        return name;
    }
    let mut server = server().await;
    lock(&mut server).await;
    if !exists(&mut server, &name).await {
        build(&mut server, &family, &name, migrator).await;
    }
    // Ending the session releases the lock.
    server.close().await.expect("a closed connection");
    made.insert(name.clone());
    name
}

async fn build(server: &mut PgConnection, family: &str, name: &str, migrator: &Migrator) {
    // What older migrations left behind, and what a killed process did not finish.
    for stale in databases(server).await.into_iter().filter(|database| database.starts_with(family)) {
        run(server, format!(r#"DROP DATABASE IF EXISTS "{stale}" WITH (FORCE)"#)).await;
    }
    let unfinished = format!("{family}unfinished");
    run(server, format!(r#"CREATE DATABASE "{unfinished}""#)).await;
    let mut connection = connect(&url_of(&unfinished)).await;
    migrator.run(&mut connection).await.unwrap_or_else(|error| panic!("migrations of {name}: {error}"));
    if has_table(&mut connection, "outbox").await {
        run(&mut connection, KEEP_EVENTS.to_owned()).await;
    }
    connection.close().await.expect("a closed connection");
    run(server, format!(r#"ALTER DATABASE "{unfinished}" RENAME TO "{name}""#)).await;
}

async fn has_table(connection: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(name)
        .fetch_one(connection)
        .await
        .expect("an answer")
}

/// The events that were kept in a copy of a template.
pub(crate) async fn kept_events(pool: &PgPool) -> Vec<String> {
    let is_kept: bool = sqlx::query_scalar("SELECT to_regclass('harness.events') IS NOT NULL")
        .fetch_one(pool)
        .await
        .expect("the service's database");
    if !is_kept {
        return Vec::new();
    }
    sqlx::query_scalar("SELECT payload FROM harness.events").fetch_all(pool).await.expect("the kept events")
}

/// Twelve hex digits that change with any migration, and with what the harness adds.
fn fingerprint(migrator: &Migrator) -> String {
    let sums = migrator.iter().flat_map(|migration| migration.checksum.iter().copied());
    let sums = sums.chain(KEEP_EVENTS.bytes());
    // FNV-1a: the checksums are strong already, they only need to be folded.
    let folded = sums.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:012x}", folded & 0xffff_ffff_ffff)
}

async fn sweep_once() {
    static SWEPT: Mutex<bool> = Mutex::const_new(false);
    let mut swept = SWEPT.lock().await;
    if *swept {
        return;
    }
    let mut server = server().await;
    let mut dead = databases(&mut server).await;
    dead.retain(|name| Owner::of(name) == Owner::Dead);
    // More than a janitor gets done in a short run: without this they would pile up from run to run.
    for name in dead.split_off(dead.len().min(BACKLOG)) {
        drop_database(&name).await;
    }
    for name in dead {
        janitor::drop_later(name);
    }
    server.close().await.expect("a closed connection");
    *swept = true;
}

async fn databases(server: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname")
        .fetch_all(server)
        .await
        .expect("a list of databases")
}

async fn exists(server: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(server)
        .await
        .expect("an answer")
}

async fn lock(server: &mut PgConnection) {
    sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(server).await.expect("the lock");
}

async fn run(server: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(server).await;
    done.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

async fn server() -> PgConnection {
    connect(&url_of("postgres")).await
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap_or_else(|error| {
        panic!("Postgres at {}: {error}. Is it up? Run `cargo xtask test`", Environment::get().postgres())
    })
}

fn url_of(database: &str) -> String {
    format!("{}/{database}", Environment::get().postgres())
}
