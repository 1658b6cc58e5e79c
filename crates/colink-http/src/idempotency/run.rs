//! Doing a write once.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, EitherBody, MessageBody, to_bytes_limited};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::error::Error;
use actix_web::http::header::IF_MATCH;
use actix_web::{HttpMessage, ResponseError};
use colink_core::error::ErrorKind;
use colink_core::id::EventId;
use colink_core::text::IdempotencyKey;
use futures_util::FutureExt;
use sha2::{Digest, Sha256};

use super::answer::{BODY_MAX, StoredAnswer, is_final};
use super::{ATTEMPT, Answer, Claim, Claimed, IDEMPOTENCY_KEY, Settings};
use crate::body;
use crate::context::RequestContext;
use crate::error::{ApiError, ApiResult};
use crate::middleware::{inherited, panic_text};
use crate::workspace::WORKSPACE_ID;

const FIRST_LOOK: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// What a claim led to.
enum Turn {
    Mine,
    Replay(StoredAnswer),
}

pub(super) async fn once<S, B>(
    inner: Rc<S>,
    mut request: ServiceRequest,
    settings: Arc<Settings>,
) -> Answer<B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    let claim = match prepare(&mut request, &settings).await {
        Ok(claim) => claim,
        Err(refused) => return Ok(answer_with(request, &refused)),
    };
    match take_turn(&claim, &settings).await {
        Ok(Turn::Replay(answer)) => Ok(request.into_response(answer.replay()).map_into_right_body()),
        Err(refused) => Ok(answer_with(request, &refused)),
        Ok(Turn::Mine) => {
            let work = do_and_keep(inner, request, settings, claim);
            // A task of its own: it goes on when the sender hangs up and this future is dropped.
            let done = actix_web::rt::spawn(inherited(work)).await;
            done.unwrap_or_else(|died| Err(ApiError::internal(died).into()))
        }
    }
}

/// Reads what makes the request what it is, and puts the body back.
async fn prepare(request: &mut ServiceRequest, settings: &Settings) -> ApiResult<Claim> {
    let key = request.headers().get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let key = IdempotencyKey::parse(key).map_err(|reason| ApiError::invalid("Idempotency-Key", reason))?;
    let caller = match settings.identify.identify(request.request()).await? {
        Some(name) => name,
        None => anonymous(request),
    };
    let payload = request.take_payload();
    let bytes = body::read(request.request(), payload)?.await?;
    let fingerprint = fingerprint(request, &bytes);
    request.set_payload(Payload::from(bytes));
    let now = settings.clock.now();
    Ok(Claim {
        caller,
        key: key.as_str().to_owned(),
        fingerprint,
        id: EventId::generate(settings.clock.as_ref()).as_uuid(),
        now,
        claimed_until: now + settings.times.lease,
        expires_at: now + settings.times.keep,
    })
}

/// SHA-256 of all that says what is to be done.
fn fingerprint(request: &ServiceRequest, body: &[u8]) -> Vec<u8> {
    let mut hash = Sha256::new();
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    for part in [request.method().as_str(), " ", target, "\n"] {
        hash.update(part);
    }
    for name in [WORKSPACE_ID, IF_MATCH] {
        for value in request.headers().get_all(&name) {
            // A header's value has no line feed, so no two requests look the same.
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"] {
                hash.update(part);
            }
        }
    }
    hash.update(b"\n");
    hash.update(body);
    hash.finalize().to_vec()
}

fn anonymous(request: &ServiceRequest) -> String {
    let ip = RequestContext::current_or_new().ip().or_else(|| request.peer_addr().map(|peer| peer.ip()));
    let ip = ip.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string());
    format!("anonymous:{ip}:{}", request.path())
}

/// Claims the key, or waits for the answer of whoever has it.
async fn take_turn(claim: &Claim, settings: &Settings) -> ApiResult<Turn> {
    let give_up = Instant::now() + settings.times.wait;
    let mut pause = FIRST_LOOK;
    loop {
        let mut claim = claim.clone();
        claim.now = settings.clock.now();
        match settings.store.claim(&claim).await? {
            Claimed::Mine => return Ok(Turn::Mine),
            Claimed::Running { fingerprint }
            | Claimed::Done { fingerprint, .. }
            | Claimed::Lost { fingerprint }
                if fingerprint != claim.fingerprint =>
            {
                return Err(ApiError::of(ErrorKind::IdempotencyKeyReused));
            }
            Claimed::Done { answer, .. } => return Ok(Turn::Replay(answer)),
            Claimed::Lost { .. } => {
                let message = "The first request with this Idempotency-Key was done and its answer was lost. Read what it \
                               has changed instead of sending it again.";
                return Err(ApiError::conflict(message));
            }
            Claimed::Running { .. } if Instant::now() >= give_up => {
                let message = "The first request with this Idempotency-Key is still running.";
                return Err(ApiError::conflict(message).retry_after(Duration::from_secs(1)));
            }
            Claimed::Running { .. } => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn do_and_keep<S, B>(
    inner: Rc<S>,
    request: ServiceRequest,
    settings: Arc<Settings>,
    claim: Claim,
) -> Answer<B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    let lease = Lease { settings: &settings, claim: &claim };
    let call = async move { inner.call(request).await };
    let response = ATTEMPT.scope(claim.clone(), AssertUnwindSafe(call).catch_unwind()).await;
    match response.unwrap_or_else(|panic| Err(ApiError::internal(panic_text(panic.as_ref())).into())) {
        Err(error) => {
            lease.release(error.as_response_error().status_code().is_client_error()).await;
            Err(error)
        }
        Ok(response) if is_kept(&response) => {
            let (request, response) = response.into_parts();
            let (head, body) = response.into_parts();
            let body = match to_bytes_limited(body, BODY_MAX).await {
                Ok(Ok(body)) => body,
                Ok(Err(_)) | Err(_) => {
                    lease.release(false).await;
                    return Err(ApiError::internal("an answer's body broke off").into());
                }
            };
            lease.keep(&StoredAnswer::new(head.status(), head.headers(), body.clone())).await;
            let response = head.set_body(actix_web::body::BoxBody::new(body));
            Ok(ServiceResponse::new(request, response).map_into_right_body())
        }
        Ok(response) => {
            lease.release(response.status().is_client_error()).await;
            Ok(response.map_into_left_body())
        }
    }
}

fn is_kept<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    let size = match response.response().body().size() {
        BodySize::None => Some(0),
        BodySize::Sized(size) => Some(size),
        BodySize::Stream => None,
    };
    is_final(response.response()) && size.is_some_and(|size| size <= BODY_MAX as u64)
}

/// The right to answer for the key. What cannot be stored is logged: the answer itself is still good.
struct Lease<'a> {
    settings: &'a Settings,
    claim: &'a Claim,
}

impl Lease<'_> {
    async fn keep(&self, answer: &StoredAnswer) {
        if let Err(error) = self.settings.store.complete(self.claim, answer).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "an answer was not kept for its Idempotency-Key");
        }
    }

    async fn release(&self, refused: bool) {
        if let Err(error) = self.settings.store.release(self.claim, refused).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "an Idempotency-Key stays taken until its lease ends");
        }
    }
}

fn answer_with<B>(request: ServiceRequest, error: &ApiError) -> ServiceResponse<EitherBody<B>> {
    request.into_response(error.error_response()).map_into_right_body()
}
