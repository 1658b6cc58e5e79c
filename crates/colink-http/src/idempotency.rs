//! A write that may be sent twice is done once: `Idempotency-Key`.
//!
//! Contract. [`Idempotency`] wraps a scope. A POST, PUT, PATCH or DELETE in it that carries the header is
//! done at most once per caller and key: the same request again gets the first answer with
//! `Idempotent-Replayed: true`; another method, path, workspace, precondition or body under the same key gets 422; while
//! the first one runs, the second waits for its answer, and after the wait gets 409 with `Retry-After`.
//!
//! - The caller is whoever [`Identify`] names, otherwise the client's address and the path.
//! - Answers are kept for 24 hours, except those that a repetition may change: 401, 403 `REAUTHENTICATION_REQUIRED`,
//!   429, 5xx, and streams or bodies over 1 MiB. [`IdempotencyStore::purge`] deletes what has expired; a job calls it.
//! - A request with a key is carried to its end even when its sender hangs up, so that the repetition finds
//!   an answer. When the process dies before the effect is committed, the key is free again after the lease (60 s). When it dies
//!   behind it, the answer is lost: a repetition gets 409, and nothing is done again. That takes [`mark_done`] in the
//!   transaction of the effect; MongoDB has no such transaction, there the effect's own constraints decide.
//! - The answer is stored as it was sent. Do not wrap routes that answer with secrets (login, refresh).
//! - Without the header nothing is buffered, hashed or asked.

mod answer;
mod mongo;
mod postgres;
mod run;

use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::Error;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use colink_core::clock::SharedClock;
use colink_store::StoreError;
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapOk};
use uuid::Uuid;

use crate::error::ApiResult;

pub use answer::StoredAnswer;
pub use mongo::MongoIdempotency;
pub use postgres::{PostgresIdempotency, SCHEMA, mark_done};

/// The header that carries the key: 1 to 64 visible ASCII characters.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says who is calling.
pub trait Identify: 'static {
    /// A name that no other caller has, such as the user's id; `None` for an anonymous or refused caller. (A
    /// refused one is refused again by the handler, and that answer is not kept.)
    ///
    /// # Errors
    /// When it cannot be found out now; the request fails with that.
    fn identify<'a>(&'a self, request: &'a HttpRequest) -> LocalBoxFuture<'a, ApiResult<Option<String>>>;
}

/// One attempt to do a write under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who is calling.
    pub caller: String,
    /// The key, unique per caller.
    pub key: String,
    /// SHA-256 of method, path with query, `X-Workspace-Id`, `If-Match` and body.
    pub fingerprint: Vec<u8>,
    /// This attempt.
    pub id: Uuid,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// From then on another attempt may take over.
    pub claimed_until: DateTime<Utc>,
    /// From then on the key is as good as new.
    pub expires_at: DateTime<Utc>,
}

tokio::task_local! {
    /// The attempt whose effect this task is about.
    static ATTEMPT: Claim;
}

/// What a store knows about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is this attempt's turn.
    Mine,
    /// Another attempt is under way.
    Running {
        /// What it is about.
        fingerprint: Vec<u8>,
    },
    /// It was done.
    Done {
        /// What it was about.
        fingerprint: Vec<u8>,
        /// What was answered.
        answer: StoredAnswer,
    },
    /// It was done, and whoever did it died before the answer was kept.
    Lost {
        /// What it was about.
        fingerprint: Vec<u8>,
    },
}

/// Where keys and answers are kept.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + fmt::Debug + 'static {
    /// Claims the key for this attempt if it is new, expired, or its attempt died with the same request.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was claimed as far as the caller knows.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError>;

    /// Keeps the answer of this attempt, unless another has taken over.
    ///
    /// # Errors
    /// [`StoreError`]; the key stays claimed until its lease ends.
    async fn complete(&self, claim: &Claim, answer: &StoredAnswer) -> Result<(), StoreError>;

    /// Frees the key, unless another attempt has taken over. One whose effect is [marked](mark_done) stays, unless the
    /// request was `refused`: then what was committed is the trace of the refusal.
    ///
    /// # Errors
    /// [`StoreError`]; the key stays claimed until its lease ends.
    async fn release(&self, claim: &Claim, refused: bool) -> Result<(), StoreError>;

    /// Deletes what has expired at `now`, and says how many keys that were.
    ///
    /// # Errors
    /// [`StoreError`]; some may have been deleted.
    async fn purge(&self, now: DateTime<Utc>) -> Result<u64, StoreError>;
}

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyTimes {
    /// How long a repetition waits for the first answer.
    pub wait: Duration,
    /// How long an attempt may take before it counts as dead; longer than a request's deadline.
    pub lease: Duration,
    /// How long an answer is kept.
    pub keep: Duration,
}

impl Default for IdempotencyTimes {
    /// 10 s, 60 s, 24 h.
    fn default() -> Self {
        let keep = Duration::from_secs(24 * 60 * 60);
        Self { wait: Duration::from_secs(10), lease: Duration::from_secs(60), keep }
    }
}

/// The middleware. Cheap to clone.
#[derive(Clone)]
pub struct Idempotency(Arc<Settings>);

pub(crate) struct Settings {
    store: Arc<dyn IdempotencyStore>,
    identify: Arc<dyn Identify + Send + Sync>,
    clock: SharedClock,
    times: IdempotencyTimes,
}

impl Idempotency {
    /// Keeps keys in `store`, under the names that `identify` gives.
    pub fn new(
        store: Arc<dyn IdempotencyStore>,
        identify: Arc<dyn Identify + Send + Sync>,
        clock: SharedClock,
    ) -> Self {
        Self::with_times(store, identify, clock, IdempotencyTimes::default())
    }

    /// The same with other times.
    pub fn with_times(
        store: Arc<dyn IdempotencyStore>,
        identify: Arc<dyn Identify + Send + Sync>,
        clock: SharedClock,
        times: IdempotencyTimes,
    ) -> Self {
        Self(Arc::new(Settings { store, identify, clock, times }))
    }
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").field("store", &self.0.store).finish_non_exhaustive()
    }
}

impl<S, B> Transform<S, ServiceRequest> for Idempotency
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = IdempotentService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(IdempotentService { inner: Rc::new(inner), settings: Arc::clone(&self.0) }))
    }
}

/// [`Idempotency`] around a scope.
pub struct IdempotentService<S> {
    inner: Rc<S>,
    settings: Arc<Settings>,
}

impl<S> fmt::Debug for IdempotentService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotentService").finish_non_exhaustive()
    }
}

type Answer<B> = Result<ServiceResponse<EitherBody<B>>, Error>;
type ToAnswer<B> = fn(ServiceResponse<B>) -> ServiceResponse<EitherBody<B>>;

impl<S, B> Service<ServiceRequest> for IdempotentService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Either<MapOk<S::Future, ToAnswer<B>>, LocalBoxFuture<'static, Answer<B>>>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        if !is_write(request.method()) || !request.headers().contains_key(IDEMPOTENCY_KEY) {
            let to_answer: ToAnswer<B> = ServiceResponse::map_into_left_body;
            return Either::Left(self.inner.call(request).map_ok(to_answer));
        }
        let (inner, settings) = (Rc::clone(&self.inner), Arc::clone(&self.settings));
        Either::Right(Box::pin(run::once(inner, request, settings)))
    }
}

fn is_write(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}
