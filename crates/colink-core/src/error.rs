//! Every error code of the API in one closed list, each with the one status it is sent with.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// What went wrong, in the words of the API. No other code ever leaves the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be read: malformed JSON, unknown field, wrong type.
    InvalidRequest,
    /// The request was read and some values were refused; the details list every one.
    Validation,
    /// A workspace-scoped call that names no workspace.
    WorkspaceRequired,
    /// No token.
    Unauthorized,
    /// The token's time has passed.
    TokenExpired,
    /// The token is malformed, forged, revoked or for somebody else.
    TokenInvalid,
    /// Wrong address or password; which of the two is not said.
    InvalidCredentials,
    /// The password was right and a second factor is needed.
    MfaRequired,
    /// The caller is known and may not.
    Forbidden,
    /// The caller may, after proving again who he is.
    ReauthenticationRequired,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The path exists with other methods.
    MethodNotAllowed,
    /// Nothing the caller accepts can be sent.
    NotAcceptable,
    /// The present state forbids the change.
    Conflict,
    /// A thing with this unique value exists.
    AlreadyExists,
    /// The caller's `If-Match` is stale.
    PreconditionFailed,
    /// The body is larger than the limit.
    PayloadTooLarge,
    /// The body's content type is not read here.
    UnsupportedMediaType,
    /// The same idempotency key came with another request.
    IdempotencyKeyReused,
    /// Too many requests.
    RateLimited,
    /// Too many failed sign-ins.
    AccountLocked,
    /// A quota of the workspace or user is used up.
    QuotaExceeded,
    /// A bug or an unforeseen failure; the cause is only in the log.
    Internal,
    /// Another service answered nonsense.
    Upstream,
    /// A store or another service is away.
    ServiceUnavailable,
    /// A store or another service did not answer in time.
    UpstreamTimeout,
}

impl ErrorKind {
    /// Every kind, in the order of their statuses.
    pub const ALL: [Self; 26] = [
        Self::InvalidRequest,
        Self::Validation,
        Self::WorkspaceRequired,
        Self::Unauthorized,
        Self::TokenExpired,
        Self::TokenInvalid,
        Self::InvalidCredentials,
        Self::MfaRequired,
        Self::Forbidden,
        Self::ReauthenticationRequired,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Conflict,
        Self::AlreadyExists,
        Self::PreconditionFailed,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::AccountLocked,
        Self::QuotaExceeded,
        Self::Internal,
        Self::Upstream,
        Self::ServiceUnavailable,
        Self::UpstreamTimeout,
    ];

    /// The code in the error envelope.
    pub const fn code(self) -> &'static str {
        self.wire().1
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.wire().0
    }

    /// The kind that is written with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    #[rustfmt::skip]
    const fn wire(self) -> (u16, &'static str) {
        match self {
            Self::InvalidRequest           => (400, "INVALID_REQUEST"),
            Self::Validation               => (400, "VALIDATION_ERROR"),
            Self::WorkspaceRequired        => (400, "WORKSPACE_REQUIRED"),
            Self::Unauthorized             => (401, "UNAUTHORIZED"),
            Self::TokenExpired             => (401, "TOKEN_EXPIRED"),
            Self::TokenInvalid             => (401, "TOKEN_INVALID"),
            Self::InvalidCredentials       => (401, "INVALID_CREDENTIALS"),
            Self::MfaRequired              => (401, "MFA_REQUIRED"),
            Self::Forbidden                => (403, "FORBIDDEN"),
            Self::ReauthenticationRequired => (403, "REAUTHENTICATION_REQUIRED"),
            Self::NotFound                 => (404, "NOT_FOUND"),
            Self::MethodNotAllowed         => (405, "METHOD_NOT_ALLOWED"),
            Self::NotAcceptable            => (406, "NOT_ACCEPTABLE"),
            Self::Conflict                 => (409, "CONFLICT"),
            Self::AlreadyExists            => (409, "ALREADY_EXISTS"),
            Self::PreconditionFailed       => (412, "PRECONDITION_FAILED"),
            Self::PayloadTooLarge          => (413, "PAYLOAD_TOO_LARGE"),
            Self::UnsupportedMediaType     => (415, "UNSUPPORTED_MEDIA_TYPE"),
            Self::IdempotencyKeyReused     => (422, "IDEMPOTENCY_KEY_REUSED"),
            Self::RateLimited              => (429, "RATE_LIMITED"),
            Self::AccountLocked            => (429, "ACCOUNT_LOCKED"),
            Self::QuotaExceeded            => (429, "QUOTA_EXCEEDED"),
            Self::Internal                 => (500, "INTERNAL_ERROR"),
            Self::Upstream                 => (502, "UPSTREAM_ERROR"),
            Self::ServiceUnavailable       => (503, "SERVICE_UNAVAILABLE"),
            Self::UpstreamTimeout          => (504, "UPSTREAM_TIMEOUT"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for ErrorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CodeVisitor)
    }
}

struct CodeVisitor;

impl Visitor<'_> for CodeVisitor {
    type Value = ErrorKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error code of the API")
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<ErrorKind, E> {
        ErrorKind::from_code(code).ok_or_else(|| E::invalid_value(de::Unexpected::Str(code), &self))
    }
}

/// Why a value was refused. The text may be shown to whoever sent it, begins in lower case so that it
/// can follow the field's name ("name must have ..."), and names the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// A refusal with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The refusal of an absent value.
    pub fn required() -> Self {
        Self::new("is required")
    }

    /// The reason.
    pub fn message(&self) -> &str {
        &self.0
    }

    /// The refusal as the error of a named field; a path into the body is written `a.b[0].c`.
    pub fn at(self, field: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: self.0 }
    }
}

/// One refused field in `error.details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where the value stood, as a path: `a.b[0].c`, or the name of a parameter or header.
    #[schema(example = "display_name")]
    pub field: String,
    /// Why it was refused and what would be taken.
    #[schema(example = "is required")]
    pub message: String,
}

impl FieldError {
    /// A refused field with its reason.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}
