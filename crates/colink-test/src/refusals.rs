//! What every service proves of its endpoints (T-4): what cannot be read is refused, with the right code and never with a
//! 5xx. The cases are made from the service's own OpenAPI document, so that no endpoint is forgotten.

use serde_json::Value;

use crate::client::{Client, Request};
use crate::document::{Document, JsonBody, Operation};

/// An id that nothing has.
pub(crate) const UNKNOWN: &str = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
/// More than any service reads.
const TOO_LARGE: usize = 1024 * 1024 + 1;

/// Something that is no valid token (`None`: none at all), and the code it is refused with.
pub type BadToken = (Option<String>, &'static str);

/// A case of one operation: what is wrong, the request, the expected status and code.
type Case = (String, Request, u16, &'static str);

/// Asks every operation of the document at `anonymous` with bad tokens, bad ids and bad bodies; else with `token`, whose
/// user may do what can be done. An endpoint (`GET /path/{parameter}`) that `unless` names may answer with the status that
/// stands there as well: the test says why.
///
/// # Panics
/// With every operation that answers otherwise.
pub async fn assert_refusals(
    anonymous: &Client,
    token: &str,
    bad_tokens: &[BadToken],
    unless: &[(&str, u16)],
) {
    let operations = Document::of(anonymous).await.operations();
    for (endpoint, _) in unless {
        assert!(operations.iter().any(|one| one.endpoint() == *endpoint), "{endpoint} is not there");
    }
    let client = anonymous.bearer(token);
    let mut wrong = Vec::new();
    for operation in operations.iter().filter(|operation| !operation.upgrades) {
        let mut cases = Vec::new();
        if !operation.is_public {
            cases.extend(bad_tokens.iter().map(|bad| with_token(anonymous, operation, bad)));
        }
        if let Some(body) = &operation.body {
            cases.extend(with_bad_body(&client, operation, body));
        }
        cases.extend(operation.ids.iter().map(|id| with_bad_id(&client, operation, id)));
        if !operation.ids.is_empty() {
            cases.push(with_unknown_ids(&client, operation));
        }
        for case in cases {
            wrong.extend(check(operation, case, unless).await);
        }
    }
    assert!(wrong.is_empty(), "{} answers are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
}

async fn check(
    operation: &Operation,
    (what, request, status, code): Case,
    unless: &[(&str, u16)],
) -> Option<String> {
    let answer = match request.try_send().await {
        Ok(answer) => answer,
        Err(error) => return Some(format!("{} with {what}: {error:?}", operation.endpoint())),
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let told = body.pointer("/error/code").and_then(Value::as_str);
    let is_envelope = body["meta"]["request_id"].is_string() || answer.body.is_empty();
    let endpoint = operation.endpoint();
    let is_excused = unless.iter().any(|(other, status)| *other == endpoint && answer.status == *status);
    let as_expected = is_excused || answer.status == status && told == Some(code);
    (!(is_envelope && as_expected)).then(|| format!("{status} {code}: with {what}, {answer}"))
}

fn with_token(anonymous: &Client, operation: &Operation, (token, code): &BadToken) -> Case {
    let client = token.as_deref().map_or_else(|| anonymous.clone(), |token| anonymous.bearer(token));
    let request = request(&client, operation, operation.path_with(|_| UNKNOWN));
    (format!("the token {token:?}"), request, 401, *code)
}

fn with_bad_id(client: &Client, operation: &Operation, bad: &str) -> Case {
    let path = operation.path_with(|name| if name == bad { "42" } else { UNKNOWN });
    (format!("42 for {bad}"), request(client, operation, path), 400, "VALIDATION_ERROR")
}

fn with_unknown_ids(client: &Client, operation: &Operation) -> Case {
    let path = operation.path_with(|_| UNKNOWN);
    ("ids of nothing".to_owned(), request(client, operation, path), 404, "NOT_FOUND")
}

fn request(client: &Client, operation: &Operation, path: String) -> Request {
    let request = client.request(operation.method.clone(), &path);
    match &operation.body {
        Some(body) => request.json(&body.example),
        None => request,
    }
}

fn with_bad_body(client: &Client, operation: &Operation, body: &JsonBody) -> Vec<Case> {
    let field =
        body.example.as_object().and_then(|fields| fields.keys().next()).map_or("name", String::as_str);
    let path = operation.path_with(|_| UNKNOWN);
    let bad = |what: &str, media: &str, text: String, status: u16, code: &'static str| -> Case {
        let request = client.request(operation.method.clone(), &path).raw(media, text);
        (what.to_owned(), request, status, code)
    };
    let unreadable = |what: &str, text: String| bad(what, "application/json", text, 400, "INVALID_REQUEST");
    let mut cases = vec![
        unreadable("a body that is not JSON", "{".to_owned()),
        unreadable("a list", "[]".to_owned()),
        unreadable("a text", "\"text\"".to_owned()),
        unreadable("a number", "7".to_owned()),
        unreadable("an unknown field", r#"{"nobody_knows_this":1}"#.to_owned()),
        unreadable("NUL", format!(r#"{{"{field}":"a\u0000b"}}"#)),
        unreadable("half a surrogate", format!(r#"{{"{field}":"a\ud800b"}}"#)),
        bad("text", "text/plain", "{}".to_owned(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        bad(
            "too much",
            "application/json",
            format!(r#"{{"{field}":"{}"}}"#, "x".repeat(TOO_LARGE)),
            413,
            "PAYLOAD_TOO_LARGE",
        ),
    ];
    if body.required {
        cases.push(unreadable("no body", String::new()));
        cases.push(unreadable("null", "null".to_owned()));
    }
    cases
}
