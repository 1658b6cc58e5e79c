//! A parser's complaint in the words of the API. The parser's own text repeats the refused value; ours
//! names the place and what would be taken.

use colink_core::error::{ErrorKind, FieldError};
use serde_json::error::Category;

use super::place;
use crate::error::ApiError;

/// Longest reason that is passed on, in bytes.
const REASON_MAX: usize = 300;

/// The refusal of one place in the body.
pub(super) fn refused(path: String, reason: &str) -> ApiError {
    let message = if path.is_empty() {
        format!("The body cannot be read: it {reason}.")
    } else {
        format!("The body cannot be read: {path} {reason}.")
    };
    let field = if path.is_empty() { "body".to_owned() } else { path };
    ApiError::new(ErrorKind::InvalidRequest, message).with_field(field, reason)
}

/// What serde_json refused, with the path of the place.
pub(super) fn explain(json: &[u8], error: &serde_json::Error) -> ApiError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    if error.classify() != Category::Data {
        let message = match text {
            "recursion limit exceeded" => "The body is nested too deeply.".to_owned(),
            text => format!("The body is not valid JSON: {text} at line {line}, column {column}."),
        };
        return ApiError::new(ErrorKind::InvalidRequest, message);
    }
    let offset = place::offset(json, line, column);
    let complaint = of_message(text);
    let path = match (place::path(json, offset), &complaint.missing) {
        (path, None) => path,
        (parent, Some(name)) if parent.is_empty() => name.clone(),
        (parent, Some(name)) => format!("{parent}.{name}"),
    };
    refused(path, &complaint.reason)
}

/// A complaint without its place.
pub(crate) struct Complaint {
    /// Follows the name of the field: `must be a string`.
    pub(crate) reason: String,
    /// The field that is not there; its name is not in the text that was sent.
    pub(crate) missing: Option<String>,
}

impl Complaint {
    pub(crate) fn at(self, field: &str) -> FieldError {
        FieldError::new(self.missing.unwrap_or_else(|| field.to_owned()), self.reason)
    }
}

/// What the message of a serde error says.
pub(crate) fn of_message(text: &str) -> Complaint {
    let quoted = || text.split('`').nth(1).map(str::to_owned);
    let expected = || text.rsplit_once(", expected ").map(|(_, expected)| expected);
    let starts = |prefix: &str| text.starts_with(prefix);
    let reason = if starts("unknown field") {
        "is not a known field".to_owned()
    } else if starts("missing field") {
        return Complaint { reason: "is required".to_owned(), missing: quoted() };
    } else if starts("duplicate field") {
        "is given twice".to_owned()
    } else if starts("invalid type")
        || starts("invalid value")
        || starts("invalid length")
        || starts("unknown variant")
    {
        expected().map_or_else(
            || "is of the wrong kind".to_owned(),
            |expected| format!("must be {}", plain(expected)),
        )
    } else {
        cut(text)
    };
    Complaint { reason: cut(&reason), missing: None }
}

/// Rust's words for a type in words of JSON.
fn plain(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        expected if expected.starts_with("struct ") => "an object".to_owned(),
        expected => expected.replace('`', ""),
    }
}

fn cut(text: &str) -> String {
    text.char_indices().take_while(|(at, _)| *at < REASON_MAX).map(|(_, c)| c).collect()
}
