//! The codes of the API.

use colink_core::error::{ErrorKind, FieldError, Invalid};

#[test]
fn every_code_is_unique_and_found_again() {
    for kind in ErrorKind::ALL {
        assert_eq!(ErrorKind::from_code(kind.code()), Some(kind));
        let json = serde_json::to_string(&kind).unwrap();
        assert_eq!(json, format!("\"{}\"", kind.code()));
        assert_eq!(serde_json::from_str::<ErrorKind>(&json).unwrap(), kind);
    }
}

#[test]
fn codes_are_sent_with_the_statuses_that_are_documented() {
    let of = |status: u16| {
        let codes = ErrorKind::ALL.into_iter().filter(|kind| kind.status() == status).map(ErrorKind::code);
        codes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(400), "INVALID_REQUEST VALIDATION_ERROR WORKSPACE_REQUIRED");
    assert_eq!(of(401), "UNAUTHORIZED TOKEN_EXPIRED TOKEN_INVALID INVALID_CREDENTIALS MFA_REQUIRED");
    assert_eq!(of(403), "FORBIDDEN REAUTHENTICATION_REQUIRED");
    assert_eq!(of(404), "NOT_FOUND");
    assert_eq!(of(405), "METHOD_NOT_ALLOWED");
    assert_eq!(of(406), "NOT_ACCEPTABLE");
    assert_eq!(of(409), "CONFLICT ALREADY_EXISTS");
    assert_eq!(of(412), "PRECONDITION_FAILED");
    assert_eq!(of(413), "PAYLOAD_TOO_LARGE");
    assert_eq!(of(415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(of(422), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(of(429), "RATE_LIMITED ACCOUNT_LOCKED QUOTA_EXCEEDED");
    assert_eq!(of(500), "INTERNAL_ERROR");
    assert_eq!(of(502), "UPSTREAM_ERROR");
    assert_eq!(of(503), "SERVICE_UNAVAILABLE");
    assert_eq!(of(504), "UPSTREAM_TIMEOUT");
}

#[test]
fn an_unknown_code_is_not_read() {
    assert_eq!(ErrorKind::from_code("TEAPOT"), None);
    assert!(serde_json::from_str::<ErrorKind>("\"TEAPOT\"").is_err());
}

#[test]
fn a_refusal_names_its_field() {
    let error = Invalid::required().at("display_name");
    assert_eq!(error, FieldError::new("display_name", "is required"));
    assert_eq!(error.to_string(), "display_name is required");
}
