//! `Idempotency-Key` against the real stores. Every case runs on Postgres and on MongoDB; where neither is
//! set up (`cargo xtask test` does it) they are left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use colink_core::clock::{Clock, ManualClock, SharedClock, SystemClock};
use colink_core::error::ErrorKind;
use colink_core::id::EventId;
use colink_http::health::HealthChecks;
use colink_http::idempotency::{
    Idempotency, IdempotencyStore, IdempotencyTimes, Identify, MongoIdempotency, PostgresIdempotency, SCHEMA,
};
use colink_http::{ApiError, ApiResult, Body, Reply};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::Semaphore;

use crate::harness::{Answer, Server, await_count, config, variable};

struct ByHeader(Data<Work>);

impl Identify for ByHeader {
    fn identify<'a>(&'a self, request: &'a HttpRequest) -> LocalBoxFuture<'a, ApiResult<Option<String>>> {
        self.0.keyed_requests.fetch_add(1, Ordering::SeqCst);
        let user = request.headers().get("x-test-user").map(|user| user.to_str().unwrap().to_owned());
        Box::pin(std::future::ready(Ok(user)))
    }
}

/// What the handlers share with the test.
struct Work {
    keyed_requests: AtomicU32,
    done: AtomicU32,
    may_finish: Semaphore,
}

async fn create(work: Data<Work>, Body(_): Body<Value>) -> ApiResult<Reply<u32>> {
    Ok(Reply::created(work.done.fetch_add(1, Ordering::SeqCst)).with_etag("\"v1\""))
}

async fn create_slowly(work: Data<Work>) -> ApiResult<Reply<u32>> {
    let number = work.done.fetch_add(1, Ordering::SeqCst);
    work.may_finish.acquire().await.map_err(ApiError::internal)?.forget();
    Ok(Reply::created(number))
}

/// Fails the first time with the status that the path names (418: forbidden for good), then succeeds.
async fn create_at_second_try(work: Data<Work>, path: web::Path<u16>) -> ApiResult<HttpResponse> {
    match (work.done.fetch_add(1, Ordering::SeqCst), path.into_inner()) {
        (0, 0) => panic!("a bug"),
        (0, 500) => Err(ApiError::internal("a bug")),
        (0, 401) => Err(ApiError::of(ErrorKind::TokenExpired)),
        (0, 403) => Err(ApiError::of(ErrorKind::ReauthenticationRequired)),
        (0, 429) => Err(ApiError::of(ErrorKind::RateLimited)),
        (0, 409) => Err(ApiError::conflict("not now")),
        (0, 418) => Err(ApiError::forbidden("never")),
        _ => Ok(HttpResponse::Created().json("done")),
    }
}

struct Case {
    server: Server,
    work: Data<Work>,
    clock: Arc<ManualClock>,
    store: Arc<dyn IdempotencyStore>,
}

impl Case {
    fn new(store: &Arc<dyn IdempotencyStore>, wait: Duration) -> Self {
        let clock = Arc::new(ManualClock::new(SystemClock.now()));
        let shared: SharedClock = clock.clone();
        let times = IdempotencyTimes { wait, ..IdempotencyTimes::default() };
        let (keyed_requests, done) = (AtomicU32::new(0), AtomicU32::new(0));
        let work = Data::new(Work { keyed_requests, done, may_finish: Semaphore::new(0) });
        let identify = Arc::new(ByHeader(work.clone()));
        let once = Idempotency::with_times(Arc::clone(store), identify, shared.clone(), times);
        let shown = work.clone();
        let server = Server::with(&config(), &shared, &HealthChecks::default(), move |app| {
            app.app_data(shown.clone()).service(
                web::scope("/things")
                    .wrap(once.clone())
                    .service(web::resource("").post(create).get(create))
                    .service(web::resource("/slow").post(create_slowly))
                    .service(web::resource("/second/{status}").post(create_at_second_try))
                    .service(web::resource("/{any}").post(create)),
            );
        });
        Self { server, work, clock, store: Arc::clone(store) }
    }

    fn done(&self) -> u32 {
        self.work.done.load(Ordering::SeqCst)
    }

    async fn send(&self, user: &str, key: &str, path: &str, body: &str) -> Answer {
        let request = self.server.request("POST", path).header("idempotency-key", key);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        Answer::of(if user.is_empty() { request } else { request.header("x-test-user", user) }).await
    }
}

async fn repeats(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_secs(5));
    let first = case.send("ann", "k1", "/things", r#"{"a":1}"#).await;
    let again = case.send("ann", "k1", "/things", r#"{"a":1}"#).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.text, first.text);
    assert_eq!((again.header("etag"), again.header("content-type")), ("\"v1\"", "application/json"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(case.done(), 1);
    let other = case.send("ann", "k1", "/things", r#"{"a":2}"#).await;
    other.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
    case.send("ann", "k1", "/things?x=1", r#"{"a":1}"#).await.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
    case.send("ann", "k1", "/things/else", r#"{"a":1}"#).await.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(case.send("bob", "k1", "/things", r#"{"a":1}"#).await.status, 201);
    assert_eq!(case.send("ann", "k2", "/things", r#"{"a":1}"#).await.status, 201);
    assert_eq!(case.done(), 3);
    // Anonymous callers are told apart by address and path.
    case.send("", "k1", "/things", "{}").await;
    case.send("", "k1", "/things/else", "{}").await;
    assert_eq!(case.send("", "k1", "/things", "{}").await.header("idempotent-replayed"), "true");
    assert_eq!(case.done(), 5);
}

/// Headers that say where something is done, or to what, are part of the request.
async fn tells_workspaces_and_preconditions_apart(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_secs(5));
    for (key, name) in [("in", "x-workspace-id"), ("if", "if-match")] {
        let send = async |value: &str| {
            let request = case.server.request("POST", "/things").header("idempotency-key", key);
            let request = request.header("content-type", "application/json").header("x-test-user", "ann");
            Answer::of(request.header(name, value).body("{}")).await
        };
        assert_eq!(send("\"1\"").await.status, 201);
        assert_eq!(send("\"1\"").await.header("idempotent-replayed"), "true");
        send("\"2\"").await.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
        case.send("ann", key, "/things", "{}").await.fails_with(422, "IDEMPOTENCY_KEY_REUSED");
    }
    assert_eq!(case.done(), 2);
}

async fn refuses_and_ignores(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_secs(5));
    for key in ["", "a b", "\u{fc}", &"k".repeat(65)] {
        let refused = case.send("ann", key, "/things", "{}").await;
        refused.fails_with(400, "VALIDATION_ERROR");
        assert_eq!(refused.fields(), ["Idempotency-Key"]);
    }
    let large = "x".repeat(1024 * 1024 + 1);
    case.send("ann", "large", "/things", &large).await.fails_with(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(case.done(), 0);
    case.server.post("/things", "{}").await;
    case.server.post("/things", "{}").await;
    assert_eq!(case.done(), 2);
    // A refusal by the handler itself is an answer like any other.
    case.send("ann", "bad", "/things", "{").await.fails_with(400, "INVALID_REQUEST");
    let again = case.send("ann", "bad", "/things", "{").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (400, "true"));
}

async fn forgets_what_may_turn_out_better(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    for (status, kept) in
        [(500, false), (401, false), (403, false), (429, false), (0, false), (409, true), (418, true)]
    {
        let case = Case::new(&make().await, Duration::from_secs(5));
        let path = format!("/things/second/{status}");
        let key = format!("better-{status}");
        let first = case.send("ann", &key, &path, "").await;
        let answered = match status {
            0 => 500,
            418 => 403,
            status => status,
        };
        assert_eq!(first.status, answered);
        let second = case.send("ann", &key, &path, "").await;
        let expected = if kept { (answered, "true") } else { (201, "") };
        assert_eq!((second.status, second.header("idempotent-replayed")), expected, "{status}");
    }
}

async fn waits_for_the_first(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_secs(10));
    let (first, second, ()) = futures_util::join!(
        case.send("ann", "wait", "/things/slow", ""),
        case.send("ann", "wait", "/things/slow", ""),
        async {
            await_count(&case.work.keyed_requests, 2).await;
            case.work.may_finish.add_permits(1);
        },
    );
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!((first.text, case.done()), (second.text, 1));
    let replayed =
        [first.headers, second.headers].iter().filter(|all| all.contains_key("idempotent-replayed")).count();
    assert_eq!(replayed, 1);
}

async fn gives_up_waiting(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_millis(40));
    // The first sender hangs up while its request runs.
    let first = case.server.request("POST", "/things/slow").header("idempotency-key", "hang-up");
    tokio::select! {
        answer = first.header("x-test-user", "ann").send() => panic!("it may not finish: {answer:?}"),
        () = await_count(&case.work.done, 1) => {}
    }
    let second = case.send("ann", "hang-up", "/things/slow", "").await;
    second.fails_with(409, "CONFLICT");
    assert_eq!(second.header("retry-after"), "1");
    case.work.may_finish.add_permits(1);
    let finished = async {
        loop {
            let answer = case.send("ann", "hang-up", "/things/slow", "").await;
            if answer.status == 201 {
                return answer;
            }
        }
    };
    let finished = tokio::time::timeout(Duration::from_secs(10), finished).await.unwrap();
    assert_eq!((finished.header("idempotent-replayed"), case.done()), ("true", 1));
}

async fn expires(make: &impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    let case = Case::new(&make().await, Duration::from_millis(40));
    case.send("ann", "old", "/things", "{}").await;
    case.clock.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(case.send("ann", "old", "/things", "{}").await.header("idempotent-replayed"), "true");
    case.clock.advance(Duration::from_secs(2));
    assert_eq!(case.send("ann", "old", "/things", r#"{"b":1}"#).await.header("idempotent-replayed"), "");
    assert_eq!(case.done(), 2);
    case.clock.advance(Duration::from_secs(25 * 3600));
    assert!(case.store.purge(case.clock.now()).await.unwrap() >= 1);
    assert_eq!(case.store.purge(case.clock.now()).await.unwrap(), 0);
}

/// `make` is called for each server: connections belong to the runtime of the worker that opened them.
async fn all_cases(make: impl AsyncFn() -> Arc<dyn IdempotencyStore>) {
    repeats(&make).await;
    tells_workspaces_and_preconditions_apart(&make).await;
    refuses_and_ignores(&make).await;
    forgets_what_may_turn_out_better(&make).await;
    waits_for_the_first(&make).await;
    gives_up_waiting(&make).await;
    expires(&make).await;
}

fn shared(store: impl IdempotencyStore) -> Arc<dyn IdempotencyStore> {
    Arc::new(store)
}

fn unique() -> String {
    format!("colink_http_{}", EventId::generate(&SystemClock).as_uuid().simple())
}

async fn run(pool: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

#[actix_web::test]
async fn a_write_with_a_key_is_done_once_on_postgres() {
    let url =
        variable("COLINK_PG_URL").expect("COLINK_PG_URL is set, or in .colink/env: run `cargo xtask test`");
    let name = unique();
    let admin = PgPool::connect(&format!("{url}/postgres")).await.unwrap();
    run(&admin, format!("CREATE DATABASE {name}")).await;
    let options = || PgPoolOptions::new().max_connections(4);
    let pool = || options().connect_lazy(&format!("{url}/{name}")).unwrap();
    run(&pool(), SCHEMA.to_owned()).await;
    all_cases(async || shared(PostgresIdempotency::new(pool()))).await;
    run(&admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

#[actix_web::test]
async fn a_write_with_a_key_is_done_once_on_mongo() {
    let url = variable("COLINK_MONGO_URL")
        .expect("COLINK_MONGO_URL is set, or in .colink/env: run `cargo xtask test`");
    let name = unique();
    let database = async || mongodb::Client::with_uri_str(&url).await.unwrap().database(&name);
    MongoIdempotency::new(&database().await).ensure_indexes().await.unwrap();
    all_cases(async || shared(MongoIdempotency::new(&database().await))).await;
    database().await.drop().await.unwrap();
}

/// A store that is down fails the request closed: nothing is done twice.
#[actix_web::test]
async fn without_its_store_a_keyed_write_is_503_and_not_done() {
    let options = PgPoolOptions::new().acquire_timeout(Duration::from_millis(200));
    let nowhere = options.connect_lazy("postgres://nobody:none@127.0.0.1:1/none").unwrap();
    let store: Arc<dyn IdempotencyStore> = Arc::new(PostgresIdempotency::new(nowhere));
    let case = Case::new(&store, Duration::from_secs(1));
    case.send("ann", "k", "/things", "{}").await.fails_with(503, "SERVICE_UNAVAILABLE");
    assert_eq!(case.done(), 0);
    assert_eq!(case.server.post("/things", "{}").await.status, 201);
}
