//! Completing a service's OpenAPI document with what every service has in common: the bearer token, the
//! error answers, the headers, the schemas of the shared types.

use colink_core::error::ErrorKind;
use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
    SecurityRequirement, Server,
};
use utoipa::{Modify, PartialSchema, ToSchema};

use crate::envelope::{ErrorBody, Failure, Meta};
use crate::error::text_of;

const BEARER: &str = "bearerAuth";
/// Marks an operation between [`KeysIgnored`] and [`openapi_document`].
const KEY_IGNORED: &str = "x-idempotency-key-ignored";

/// The writes, by their `operation_id`, that are not wrapped in idempotency and pass the key over: a constant in
/// `#[openapi(modifiers(&UNWRAPPED))]`. `colink_test::assert_idempotency_keys` compares it with what
/// the routes do.
#[derive(Debug, Clone, Copy)]
pub struct KeysIgnored(pub &'static [&'static str]);

impl Modify for KeysIgnored {
    fn modify(&self, document: &mut OpenApi) {
        for (operation, _) in document.paths.paths.values_mut().flat_map(operations) {
            if operation.operation_id.as_deref().is_some_and(|id| self.0.contains(&id)) {
                operation.extensions.get_or_insert_default().insert(KEY_IGNORED.to_owned(), true.into());
            }
        }
    }
}

/// One error answer: its name among the components, its status, and the kinds it is sent with.
struct ErrorAnswer {
    name: &'static str,
    status: &'static str,
    kinds: &'static [ErrorKind],
}

const fn answer(name: &'static str, status: &'static str, kinds: &'static [ErrorKind]) -> ErrorAnswer {
    ErrorAnswer { name, status, kinds }
}

const BAD_REQUEST: ErrorAnswer = answer(
    "BadRequest",
    "400",
    &[ErrorKind::Validation, ErrorKind::InvalidRequest, ErrorKind::WorkspaceRequired],
);
const UNAUTHORIZED: ErrorAnswer = answer(
    "Unauthorized",
    "401",
    &[ErrorKind::Unauthorized, ErrorKind::TokenExpired, ErrorKind::TokenInvalid],
);
const FORBIDDEN: ErrorAnswer =
    answer("Forbidden", "403", &[ErrorKind::Forbidden, ErrorKind::ReauthenticationRequired]);
const NOT_FOUND: ErrorAnswer = answer("NotFound", "404", &[ErrorKind::NotFound]);
const NOT_ACCEPTABLE: ErrorAnswer = answer("NotAcceptable", "406", &[ErrorKind::NotAcceptable]);
const CONFLICT: ErrorAnswer = answer("Conflict", "409", &[ErrorKind::Conflict, ErrorKind::AlreadyExists]);
const PRECONDITION_FAILED: ErrorAnswer =
    answer("PreconditionFailed", "412", &[ErrorKind::PreconditionFailed]);
const TOO_LARGE: ErrorAnswer = answer("PayloadTooLarge", "413", &[ErrorKind::PayloadTooLarge]);
const MEDIA_TYPE: ErrorAnswer = answer("UnsupportedMediaType", "415", &[ErrorKind::UnsupportedMediaType]);
const KEY_REUSED: ErrorAnswer = answer("IdempotencyKeyReused", "422", &[ErrorKind::IdempotencyKeyReused]);
const TOO_MANY: ErrorAnswer = answer(
    "TooManyRequests",
    "429",
    &[ErrorKind::RateLimited, ErrorKind::AccountLocked, ErrorKind::QuotaExceeded],
);
const INTERNAL: ErrorAnswer = answer("InternalError", "500", &[ErrorKind::Internal]);
const UPSTREAM: ErrorAnswer = answer("UpstreamError", "502", &[ErrorKind::Upstream]);
const UNAVAILABLE: ErrorAnswer = answer("ServiceUnavailable", "503", &[ErrorKind::ServiceUnavailable]);
const TIMEOUT: ErrorAnswer = answer("UpstreamTimeout", "504", &[ErrorKind::UpstreamTimeout]);

const ALL: [&ErrorAnswer; 15] = [
    &BAD_REQUEST,
    &UNAUTHORIZED,
    &FORBIDDEN,
    &NOT_FOUND,
    &NOT_ACCEPTABLE,
    &CONFLICT,
    &PRECONDITION_FAILED,
    &TOO_LARGE,
    &MEDIA_TYPE,
    &KEY_REUSED,
    &TOO_MANY,
    &INTERNAL,
    &UPSTREAM,
    &UNAVAILABLE,
    &TIMEOUT,
];

/// Completes the document of `service`. An operation is for callers with a token unless it says
/// `security(())`; answers and parameters that it declares itself stay as they are.
pub fn openapi_document(service: &str, mut document: OpenApi) -> OpenApi {
    document.info.title = format!("CoLink {service}");
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.servers = Some(vec![Server::new("/")]);
    document.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    complete_components(document.components.get_or_insert_default());
    for item in document.paths.paths.values_mut() {
        for (operation, writes) in operations(item) {
            complete_operation(operation, writes);
        }
    }
    document
}

fn complete_components(components: &mut Components) {
    let own = [
        (Failure::name().into_owned(), Failure::schema()),
        (ErrorBody::name().into_owned(), ErrorBody::schema()),
        (Meta::name().into_owned(), Meta::schema()),
    ];
    for (name, schema) in colink_core::schema::all().into_iter().chain(own) {
        components.schemas.entry(name).or_insert(schema);
    }
    for answer in ALL {
        components.responses.entry(answer.name.to_owned()).or_insert_with(|| described(answer).into());
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token of POST /auth/login."))
        .build();
    components.security_schemes.entry(BEARER.to_owned()).or_insert(SecurityScheme::Http(bearer).into());
}

fn described(answer: &ErrorAnswer) -> Response {
    let example = |kind: &ErrorKind| {
        json!({
            "success": false,
            "error": { "code": kind.code(), "message": text_of(*kind) },
            "meta": { "request_id": "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a", "timestamp": "2026-01-31T09:30:00.000Z" },
        })
    };
    let codes: Vec<_> = answer.kinds.iter().map(|kind| kind.code()).collect();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Failure::name())))
        .example(answer.kinds.first().map(example))
        .build();
    let response = ResponseBuilder::new().description(codes.join(", ")).content("application/json", content);
    if matches!(answer.status, "429" | "503") {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait."));
        return response.header("Retry-After", header.build()).build();
    }
    response.build()
}

/// The operations of a path, each with whether it writes.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reads = [item.get.as_mut(), item.head.as_mut()].into_iter().flatten().map(|one| (one, false));
    let writes = [item.post.as_mut(), item.put.as_mut(), item.patch.as_mut(), item.delete.as_mut()];
    reads.chain(writes.into_iter().flatten().map(|one| (one, true)))
}

fn complete_operation(operation: &mut Operation, writes: bool) {
    let mut answers = vec![&BAD_REQUEST, &TOO_MANY, &INTERNAL, &UPSTREAM, &UNAVAILABLE, &TIMEOUT];
    // `security(())` is one empty requirement: everybody may call it.
    let open = operation.security.as_ref().is_some_and(|all| all.contains(&SecurityRequirement::default()));
    if !open {
        answers.extend([&UNAUTHORIZED, &FORBIDDEN]);
    }
    if takes_path(operation) {
        answers.push(&NOT_FOUND);
    }
    if writes {
        answers.push(&CONFLICT);
        if takes_key(operation) {
            answers.push(&KEY_REUSED);
            add_parameter(operation, idempotency_key());
        }
    } else {
        answers.push(&NOT_ACCEPTABLE);
    }
    if operation.request_body.is_some() {
        answers.extend([&TOO_LARGE, &MEDIA_TYPE]);
    }
    for answer in answers {
        let reference = RefOr::Ref(Ref::from_response_name(answer.name));
        operation.responses.responses.entry(answer.status.to_owned()).or_insert(reference);
    }
}

fn takes_key(operation: &mut Operation) -> bool {
    let Some(mut extensions) = operation.extensions.take() else { return true };
    let is_ignored = extensions.remove(KEY_IGNORED).is_some();
    operation.extensions = Some(extensions).filter(|left| !left.is_empty());
    !is_ignored
}

fn takes_path(operation: &Operation) -> bool {
    let in_path =
        |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.parameter_in == ParameterIn::Path);
    operation.parameters.iter().flatten().any(in_path)
}

fn add_parameter(operation: &mut Operation, parameter: Parameter) {
    let parameters = operation.parameters.get_or_insert_default();
    let same = |one: &RefOr<Parameter>| matches!(one, RefOr::T(one) if one.name == parameter.name);
    if !parameters.iter().any(same) {
        parameters.push(parameter.into());
    }
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(64));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The same key with the same request gives the first answer again."))
        .schema(Some(schema.pattern(Some("^[!-~]+$")).build()))
        .build()
}
