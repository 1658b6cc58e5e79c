use std::time::{Duration, Instant};

use colink_store::postgres::{
    OwnConnections, PgErrorExt, PostgresConfig, SchemaError, check_schema, connect, constraint, is_retryable,
    is_unavailable, migrate, ping, pool_state,
};
use colink_store::{StoreError, bounded};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::environment::{authority, postgres_url, unique, value};

#[derive(Debug)]
enum DomainError {
    NameTaken,
    Store(StoreError),
}

impl From<sqlx::Error> for DomainError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The server's address with `database` in it; the address in the environment names none.
fn at(database: &str) -> PostgresConfig {
    PostgresConfig::new(postgres_url(&authority(&value("COLINK_PG_URL")), database).into())
}

async fn server() -> PgPool {
    connect(&at("postgres"), "store-tests").await.unwrap()
}

/// Runs `body` with a database of its own, which is dropped when `body` succeeds.
async fn with_database<F: Future<Output = ()>>(body: impl FnOnce(PgPool) -> F) {
    let server = server().await;
    let name = unique("db");
    let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
    sqlx::query(AssertSqlSafe(drop.clone())).execute(&server).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE \"{name}\""))).execute(&server).await.unwrap();
    let mut config = at(&name);
    config.statement_timeout_ms = 100;
    let pool = connect(&config, "store-tests").await.unwrap();
    body(pool.clone()).await;
    pool.close().await;
    sqlx::query(AssertSqlSafe(drop)).execute(&server).await.unwrap();
}

fn migrator(migrations: &[(i64, &'static str)]) -> &'static Migrator {
    let migrations = migrations.iter().map(|(version, sql)| {
        Migration::new(*version, "test".into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Box::leak(Box::new(Migrator::with_migrations(migrations.collect())))
}

#[tokio::test]
async fn a_connection_carries_the_service_name_and_the_bounds() {
    let pool = server().await;
    ping(&pool).await.unwrap();
    let show = |setting: &'static str| {
        let pool = pool.clone();
        async move { sqlx::query_scalar::<_, String>(AssertSqlSafe(setting)).fetch_one(&pool).await.unwrap() }
    };
    assert_eq!(show("SHOW application_name").await, "store-tests");
    assert_eq!(show("SHOW statement_timeout").await, "5s");
    assert_eq!(show("SHOW idle_in_transaction_session_timeout").await, "30s");
}

#[tokio::test]
async fn a_slow_statement_is_a_timeout_and_the_pool_goes_on() {
    with_database(|pool| async move {
        let error = sqlx::query("SELECT pg_sleep(5)").execute(&pool).await.unwrap_err();
        assert!(matches!(StoreError::from(error), StoreError::Timeout { store: "postgres", .. }));
        ping(&pool).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_bounded_call_ends_at_its_limit() {
    let pool = server().await;
    let started = Instant::now();
    let call = sqlx::query("SELECT pg_sleep(3)").execute(&pool);
    let error = bounded("postgres", Duration::from_millis(100), call).await.unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. }));
    assert!(started.elapsed() < Duration::from_millis(2_500), "it waited for the statement");
}

#[tokio::test]
async fn an_exhausted_pool_is_unavailable_after_the_acquire_timeout() {
    let mut config = at("postgres");
    config.max_connections = 1;
    config.acquire_timeout_ms = 200;
    let pool = connect(&config, "store-tests").await.unwrap();
    let held = pool.acquire().await.unwrap();
    assert_eq!(pool_state(&pool), (1, 0));
    let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();
    assert!(is_unavailable(&error));
    drop(held);
    ping(&pool).await.unwrap();
}

async fn backend(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(connection).await.unwrap()
}

/// What is given back is lent again, with the bounds of a pool's; what is dropped is not, nor what the server has closed.
#[tokio::test]
async fn connections_of_ones_own_are_kept_and_replaced() {
    let own = OwnConnections::new(&at("postgres"), "store-tests").unwrap();
    let (mut first, mut second) = (own.lend().await.unwrap(), own.lend().await.unwrap());
    let (kept, dropped) = (backend(&mut first).await, backend(&mut second).await);
    assert_ne!(kept, dropped);
    drop(second);
    own.give_back(first);
    let mut again = own.lend().await.unwrap();
    assert_eq!(backend(&mut again).await, kept);
    let bound: String = sqlx::query_scalar("SHOW statement_timeout").fetch_one(&mut again).await.unwrap();
    assert_eq!(bound, "5s");
    assert_ne!(backend(&mut own.sibling().lend().await.unwrap()).await, kept);
    own.give_back(again);
    sqlx::query("SELECT pg_terminate_backend($1)").bind(kept).execute(&server().await).await.unwrap();
    // Longer than a connection is believed without a test.
    tokio::time::sleep(Duration::from_millis(5_100)).await;
    assert_ne!(backend(&mut own.lend().await.unwrap()).await, kept);
}

#[tokio::test]
async fn a_violated_constraint_becomes_the_domain_error_that_names_it() {
    with_database(|pool| async move {
        let table =
            "CREATE TABLE things (name text CONSTRAINT things_name_key UNIQUE, size int CHECK (size > 0))";
        sqlx::query(table).execute(&pool).await.unwrap();
        let insert = |name: &'static str, size: i32| {
            let pool = pool.clone();
            async move {
                let query = sqlx::query("INSERT INTO things VALUES ($1, $2)").bind(name).bind(size);
                query.execute(&pool).await
            }
        };
        insert("a", 1).await.on_constraint("things_name_key", || DomainError::NameTaken).unwrap();
        let taken = insert("a", 1).await.on_constraint("things_name_key", || DomainError::NameTaken);
        assert!(matches!(taken, Err(DomainError::NameTaken)));
        let other = insert("b", 0).await.on_constraint("things_name_key", || DomainError::NameTaken);
        assert!(matches!(other, Err(DomainError::Store(StoreError::Rejected { .. }))));
        assert_eq!(constraint(&insert("b", 0).await.unwrap_err()), Some("things_size_check"));
    })
    .await;
}

#[tokio::test]
async fn a_serialization_failure_is_retryable() {
    with_database(|pool| async move {
        sqlx::query("CREATE TABLE counters (n int)").execute(&pool).await.unwrap();
        sqlx::query("INSERT INTO counters VALUES (0)").execute(&pool).await.unwrap();
        let mut first = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
        let read = sqlx::query_scalar::<_, i32>("SELECT n FROM counters");
        assert_eq!(read.fetch_one(&mut *first).await.unwrap(), 0);
        sqlx::query("UPDATE counters SET n = 1").execute(&pool).await.unwrap();
        let error = sqlx::query("UPDATE counters SET n = 2").execute(&mut *first).await.unwrap_err();
        assert!(is_retryable(&error));
        assert!(!is_unavailable(&error));
    })
    .await;
}

/// I-5
#[tokio::test]
async fn a_service_starts_only_on_the_schema_that_it_knows() {
    with_database(|pool| async move {
        let one = migrator(&[(1, "CREATE TABLE a (id int)")]);
        let two = migrator(&[(1, "CREATE TABLE a (id int)"), (2, "CREATE TABLE b (id int)")]);
        let changed = migrator(&[(1, "CREATE TABLE a (id bigint)")]);

        assert!(matches!(check_schema(&pool, one).await, Err(SchemaError::Missing(v)) if v == [1]));
        migrate(&pool, one).await.unwrap();
        migrate(&pool, one).await.unwrap();
        check_schema(&pool, one).await.unwrap();
        assert!(matches!(check_schema(&pool, two).await, Err(SchemaError::Missing(v)) if v == [2]));
        assert!(matches!(check_schema(&pool, changed).await, Err(SchemaError::Changed(v)) if v == [1]));
        assert!(matches!(migrate(&pool, changed).await, Err(SchemaError::Changed(v)) if v == [1]));

        migrate(&pool, two).await.unwrap();
        check_schema(&pool, two).await.unwrap();
        let unknown = check_schema(&pool, one).await.unwrap_err();
        assert!(unknown.to_string().contains("[2]"), "{unknown}");
        assert!(matches!(unknown, SchemaError::Unknown(_)));
    })
    .await;
}

#[tokio::test]
async fn a_migration_may_take_longer_than_a_statement() {
    with_database(|pool| async move {
        migrate(&pool, migrator(&[(1, "SELECT pg_sleep(0.3)")])).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_failed_migration_says_so_and_does_not_block_the_next() {
    with_database(|pool| async move {
        let broken = migrate(&pool, migrator(&[(1, "CREATE TABLE oops (")])).await.unwrap_err();
        assert!(matches!(broken, SchemaError::Failed(_)));
        migrate(&pool, migrator(&[(1, "CREATE TABLE fine (id int)")])).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_jobs_may_migrate_at_once() {
    with_database(|pool| async move {
        let migrations = migrator(&[(1, "CREATE TABLE a (id int)"), (2, "CREATE TABLE b (id int)")]);
        let (first, second) = tokio::join!(migrate(&pool, migrations), migrate(&pool, migrations));
        first.unwrap();
        second.unwrap();
        check_schema(&pool, migrations).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_named_without_its_password() {
    let config = PostgresConfig::new("postgres://user:hunter2@host:notaport/db".into());
    let error = connect(&config, "store-tests").await.unwrap_err();
    assert!(matches!(error, StoreError::Misconfigured { .. }));
    assert!(error.to_string().contains("postgres.url"));
    assert!(!format!("{error} {error:?} {config:?}").contains("hunter2"));
}
