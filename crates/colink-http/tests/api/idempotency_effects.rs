//! Keys that are committed together with the effect, in a real Postgres.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{self, Data};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use colink_core::clock::{Clock, ManualClock, SharedClock, SystemClock};
use colink_core::id::EventId;
use colink_http::health::HealthChecks;
use colink_http::idempotency::{
    Claim, Claimed, Idempotency, IdempotencyStore, IdempotencyTimes, Identify, PostgresIdempotency, SCHEMA,
    StoredAnswer, mark_done,
};
use colink_http::{ApiError, ApiResult, Reply};
use colink_store::StoreError;
use futures_util::future::LocalBoxFuture;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::Semaphore;

use crate::harness::{Answer, Server, await_count, config, variable};

/// Longer than a lease.
const LATER: Duration = Duration::from_secs(61);

/// A store of a process that dies between an effect and its answer.
#[derive(Debug)]
struct Dying(PostgresIdempotency);

#[async_trait]
impl IdempotencyStore for Dying {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.0.claim(claim).await
    }

    async fn complete(&self, _claim: &Claim, _answer: &StoredAnswer) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release(&self, claim: &Claim, refused: bool) -> Result<(), StoreError> {
        self.0.release(claim, refused).await
    }

    async fn purge(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        self.0.purge(now).await
    }
}

struct Anybody;

impl Identify for Anybody {
    fn identify<'a>(&'a self, _request: &'a HttpRequest) -> LocalBoxFuture<'a, ApiResult<Option<String>>> {
        Box::pin(std::future::ready(Ok(Some("ann".to_owned()))))
    }
}

/// What the handlers share with the test.
struct Shared {
    pool: PgPool,
    begun: AtomicU32,
    may_commit: Semaphore,
}

/// Writes a row and answers with the status of the path.
async fn write(shared: Data<Shared>, path: web::Path<u16>) -> ApiResult<Reply<()>> {
    let mut transaction = shared.pool.begin().await?;
    sqlx::query("INSERT INTO effects DEFAULT VALUES").execute(&mut *transaction).await?;
    let status = path.into_inner();
    if status == 202 {
        shared.begun.fetch_add(1, Ordering::SeqCst);
        shared.may_commit.acquire().await.map_err(ApiError::internal)?.forget();
    }
    mark_done(&mut transaction).await?;
    transaction.commit().await?;
    match status {
        401 => Err(ApiError::of(colink_core::error::ErrorKind::InvalidCredentials)),
        500 => Err(ApiError::internal("broken behind the commit")),
        _ => Ok(Reply::created(())),
    }
}

struct Case {
    server: Server,
    shared: Data<Shared>,
    clock: Arc<ManualClock>,
    admin: PgPool,
    name: String,
}

impl Case {
    async fn new(dies: bool) -> Self {
        let url = variable("COLINK_PG_URL").unwrap();
        let name = format!("colink_http_{}", EventId::generate(&SystemClock).as_uuid().simple());
        let admin = PgPool::connect(&format!("{url}/postgres")).await.unwrap();
        run(&admin, format!("CREATE DATABASE {name}")).await;
        let pool = || PgPoolOptions::new().max_connections(4).connect_lazy(&format!("{url}/{name}")).unwrap();
        run(&pool(), format!("{SCHEMA}; CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY)"))
            .await;
        let store = PostgresIdempotency::new(pool());
        let store: Arc<dyn IdempotencyStore> = if dies { Arc::new(Dying(store)) } else { Arc::new(store) };
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let times = IdempotencyTimes { wait: Duration::from_millis(40), ..IdempotencyTimes::default() };
        let once = Idempotency::with_times(store, Arc::new(Anybody), clock.clone(), times);
        let shared =
            Data::new(Shared { pool: pool(), begun: AtomicU32::new(0), may_commit: Semaphore::new(0) });
        let shown = shared.clone();
        let time: SharedClock = clock.clone();
        let server = Server::with(&config(), &time, &HealthChecks::default(), move |app| {
            let things = web::resource("/things/{status}").wrap(once.clone()).post(write);
            app.app_data(shown.clone()).service(things);
        });
        Self { server, shared, clock, admin, name }
    }

    async fn send(&self, key: &str, status: u16) -> Answer {
        let path = format!("/things/{status}");
        Answer::of(self.server.request("POST", &path).header("idempotency-key", key)).await
    }

    async fn effects(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM effects").fetch_one(&self.shared.pool).await.unwrap()
    }

    async fn end(self) {
        run(&self.admin, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(pool: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

/// A process that dies behind its commit has done what was asked. Sent again, also when the lease is over, it is not done
/// a second time, and the answer says so; another body under the key is still told apart.
#[actix_web::test]
async fn what_was_committed_is_not_done_again_when_its_answer_is_lost() {
    let case = Case::new(true).await;
    assert_eq!(case.send("k", 201).await.status, 201);
    case.send("k", 201).await.fails_with(409, "CONFLICT");
    case.clock.advance(LATER);
    let lost = case.send("k", 201).await;
    assert!(lost.text.contains("its answer was lost"), "{}", lost.text);
    lost.fails_with(409, "CONFLICT");
    case.send("k", 500).await.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(case.effects().await, 1);
    case.end().await;
}

/// A failure behind the commit frees no key, a refusal does: what it committed is the trace of the refusal.
#[actix_web::test]
async fn a_failure_behind_the_commit_frees_no_key() {
    let case = Case::new(false).await;
    case.send("failed", 500).await.fails_with(500, "INTERNAL_ERROR");
    case.clock.advance(LATER);
    case.send("failed", 500).await.fails_with(409, "CONFLICT");
    assert_eq!(case.effects().await, 1);
    for expected in [2, 3] {
        case.send("refused", 401).await.fails_with(401, "INVALID_CREDENTIALS");
        assert_eq!(case.effects().await, expected);
    }
    case.end().await;
}

/// An attempt that was slower than its lease commits nothing once another has taken over.
#[actix_web::test]
async fn whoever_lost_the_key_commits_nothing() {
    let case = Case::new(false).await;
    let second = async {
        await_count(&case.shared.begun, 1).await;
        case.clock.advance(LATER);
        let taken_over = case.send("k", 202);
        let release = async {
            await_count(&case.shared.begun, 2).await;
            case.shared.may_commit.add_permits(2);
        };
        tokio::join!(taken_over, release).0
    };
    let (first, second) = tokio::join!(case.send("k", 202), second);
    assert_eq!((first.status, second.status), (503, 201), "{} {}", first.text, second.text);
    assert_eq!(case.effects().await, 1);
    case.end().await;
}
