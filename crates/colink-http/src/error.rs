//! [`ApiError`]: what a handler fails with. It has two messages that cannot be mixed up: one for the client
//! (kind, message, details) and one for the log (the source), which never leaves the process.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use colink_core::error::{ErrorKind, FieldError, Invalid};
use colink_store::StoreError;

use crate::context::RequestContext;
use crate::envelope;

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// Seconds a client is asked to wait when nothing better is known.
const DEFAULT_RETRY: Duration = Duration::from_secs(1);

type Source = Box<dyn Error + Send + Sync>;

/// A refused or failed request.
pub struct ApiError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    details: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

impl ApiError {
    /// A failure of `kind`. The client reads `message`, unless the kind is [`ErrorKind::Internal`]: then it
    /// reads a fixed text, and `message` is only logged.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self(Box::new(Inner { kind, message, details: Vec::new(), retry_after: None, source: None }))
    }

    /// A failure of `kind` in the words that are always used for it.
    pub fn of(kind: ErrorKind) -> Self {
        Self::new(kind, text_of(kind))
    }

    /// 404: there is no such `what` (a noun such as `channel`), or the caller may not know of it.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, format!("There is no such {what}."))
    }

    /// 403.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// 400 `VALIDATION_ERROR` with every refused field.
    pub fn validation(details: Vec<FieldError>) -> Self {
        Self::of(ErrorKind::Validation).with_details(details)
    }

    /// 400 `VALIDATION_ERROR` of one field.
    pub fn invalid(field: &str, reason: Invalid) -> Self {
        Self::validation(vec![reason.at(field)])
    }

    /// 409: the present state forbids the change.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// 409 `ALREADY_EXISTS`.
    pub fn already_exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::AlreadyExists, message)
    }

    /// 429 `RATE_LIMITED`.
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self::of(ErrorKind::RateLimited).retry_after(retry_after)
    }

    /// 500; `source` goes to the log.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::of(ErrorKind::Internal).caused_by(source)
    }

    /// 503: `what` (a store or a service) is away.
    pub fn unavailable(what: &str) -> Self {
        let message = format!("The {what} cannot be reached at the moment.");
        Self::new(ErrorKind::ServiceUnavailable, message)
    }

    /// Adds a refused field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.details.push(FieldError::new(field, message));
        self
    }

    /// Adds refused fields.
    #[must_use]
    pub fn with_details(mut self, details: Vec<FieldError>) -> Self {
        self.0.details.extend(details);
        self
    }

    /// Says when to try again; sent as `Retry-After` in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind, and with it code and status.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        if self.kind() == ErrorKind::Internal { text_of(ErrorKind::Internal) } else { &self.0.message }
    }

    /// The refused fields.
    pub fn details(&self) -> &[FieldError] {
        &self.0.details
    }

    /// What the client is asked to wait; always there for 429 and 503.
    pub fn wait(&self) -> Option<Duration> {
        let usual = matches!(self.kind().status(), 429 | 503).then_some(DEFAULT_RETRY);
        self.0.retry_after.or(usual)
    }

    fn log(&self) {
        let error = self.0.source.as_deref().map(|source| source as &(dyn Error + 'static));
        let code = self.kind().code();
        match (self.kind().status(), error) {
            (500.., Some(error)) => tracing::error!(code, error, "{}", self.0.message),
            (500.., None) => tracing::error!(code, "{}", self.0.message),
            (_, Some(error)) => tracing::debug!(code, error, "{}", self.0.message),
            (_, None) => tracing::debug!(code, details = ?self.0.details, "{}", self.0.message),
        }
    }
}

/// The words for a kind when nothing more is known.
pub(crate) const fn text_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "The request cannot be read.",
        ErrorKind::Validation => "Some fields were refused.",
        ErrorKind::WorkspaceRequired => "Name the workspace: header X-Workspace-Id or workspace_id.",
        ErrorKind::Unauthorized => "Sign in first: send Authorization: Bearer <access token>.",
        ErrorKind::TokenExpired => "The access token has expired; refresh it.",
        ErrorKind::TokenInvalid => "The access token is not valid.",
        ErrorKind::InvalidCredentials => "The address or the password is wrong.",
        ErrorKind::MfaRequired => "A second factor is needed.",
        ErrorKind::Forbidden => "You may not do this.",
        ErrorKind::ReauthenticationRequired => "Prove again who you are.",
        ErrorKind::NotFound => "There is no such thing.",
        ErrorKind::MethodNotAllowed => "This path does not take this method; see the header Allow.",
        ErrorKind::NotAcceptable => "The answer is application/json, which the header Accept excludes.",
        ErrorKind::Conflict => "The present state forbids this.",
        ErrorKind::AlreadyExists => "It exists already.",
        ErrorKind::PreconditionFailed => "It has changed since you read it; read it again.",
        ErrorKind::PayloadTooLarge => "The body is too large.",
        ErrorKind::UnsupportedMediaType => "Send application/json, without a content encoding.",
        ErrorKind::IdempotencyKeyReused => "This Idempotency-Key was used for another request.",
        ErrorKind::RateLimited => "Too many requests; wait as Retry-After says.",
        ErrorKind::AccountLocked => "Too many failed sign-ins; wait as Retry-After says.",
        ErrorKind::QuotaExceeded => "The quota is used up.",
        ErrorKind::Internal => "Something went wrong on our side; quote the request id when you report it.",
        ErrorKind::Upstream => "Another service gave an answer that makes no sense.",
        ErrorKind::ServiceUnavailable => "A part of the system cannot be reached at the moment.",
        ErrorKind::UpstreamTimeout => "A part of the system did not answer in time.",
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, message, details, source, .. } = self.0.as_ref();
        let mut shown = f.debug_struct("ApiError");
        shown.field("kind", kind).field("message", message);
        shown.field("details", details).field("source", source).finish()
    }
}

/// For the log: code and message, without the source.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind().code(), self.0.message)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        envelope::status_of(self.kind())
    }

    /// Logs the cause and writes the envelope; called once for each failed request.
    fn error_response(&self) -> HttpResponse {
        self.log();
        let context = RequestContext::current_or_new();
        let mut response = envelope::failure(self.kind(), self.message(), self.details(), &context);
        let headers = response.headers_mut();
        if let Some(wait) = self.wait() {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge(self.kind()) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// What RFC 6750 asks a refusal of a bearer token to say.
const fn challenge(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unauthorized => Some("Bearer"),
        ErrorKind::TokenExpired | ErrorKind::TokenInvalid => Some("Bearer error=\"invalid_token\""),
        _ => None,
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::of(error.kind()).caused_by(error)
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<mongodb::error::Error> for ApiError {
    fn from(error: mongodb::error::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

impl From<colink_core::page::EncodeError> for ApiError {
    fn from(error: colink_core::page::EncodeError) -> Self {
        Self::internal(error)
    }
}
