//! Calls to the gateway: the envelope is opened, a refusal becomes a sentence, and "slow down" is obeyed.

use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::{http, interrupt};

/// Longer than this nobody waits for demo data.
const LONGEST_PAUSE: u64 = 70;

/// The API as one user, or as nobody.
#[derive(Debug, Clone)]
pub(super) struct Api {
    base: String,
    token: Option<String>,
    workspace: Option<String>,
}

/// An answer of the API.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status code.
    pub(super) status: u16,
    /// The `data` of the envelope.
    pub(super) data: Value,
    problem: String,
}

impl Reply {
    /// The data, or a sentence with the refusal.
    pub(super) fn expect(self, doing: &str) -> Outcome<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.data);
        }
        Err(Failure::new(format!("could not {doing}: {} {}", self.status, self.problem)))
    }
}

impl Api {
    /// The API of the gateway at `base`, without a token.
    pub(super) fn anonymous(base: &str) -> Self {
        Self { base: format!("{base}/api"), token: None, workspace: None }
    }

    /// The same, as the holder of `token`.
    pub(super) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same, in a workspace.
    pub(super) fn in_workspace(&self, id: &str) -> Self {
        Self { workspace: Some(id.to_owned()), ..self.clone() }
    }

    /// `GET path`.
    pub(super) fn get(&self, path: &str) -> Outcome<Reply> {
        self.call("GET", path, None)
    }

    /// `POST path` with a JSON body.
    pub(super) fn post(&self, path: &str, body: &Value) -> Outcome<Reply> {
        self.call("POST", path, Some(body))
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Outcome<Reply> {
        let url = format!("{}{path}", self.base);
        let body = body.map(Value::to_string).unwrap_or_default();
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = Vec::new();
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        headers.extend(self.workspace.as_deref().map(|id| ("x-workspace-id", id)));
        loop {
            interrupt::check()?;
            let answer = http::request(method, &url, &headers, body.as_bytes()).map_err(|error| {
                Failure::new(format!("{method} {url} failed: {error}; does the fleet run?"))
            })?;
            let Some(pause) = pause_of(&answer) else { return Ok(open(&answer)) };
            interrupt::pause(Duration::from_secs(pause));
        }
    }
}

/// How long a rate limit asks to wait, when it is worth waiting.
fn pause_of(answer: &http::Answer) -> Option<u64> {
    let seconds: u64 = answer.header("retry-after")?.parse().ok()?;
    (answer.status == 429 && seconds <= LONGEST_PAUSE).then_some(seconds.max(1))
}

fn open(answer: &http::Answer) -> Reply {
    let mut envelope: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let problem = match envelope.get("error") {
        Some(error) => error.to_string(),
        None => answer.text().chars().take(200).collect(),
    };
    let data = envelope.get_mut("data").map(Value::take).unwrap_or_default();
    Reply { status: answer.status, data, problem }
}

/// The text at `pointer` (RFC 6901).
pub(super) fn text(value: &Value, pointer: &str) -> Outcome<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| Failure::new(format!("an answer lacks {pointer}")))
}

/// The objects of a page (`items`), of a list, or none.
pub(super) fn items(value: &Value) -> &[Value] {
    let list = value.as_array().or_else(|| value.get("items").and_then(Value::as_array));
    list.map(Vec::as_slice).unwrap_or_default()
}

/// The object of `list` whose `key` is `wanted`.
pub(super) fn find<'a>(list: &'a Value, key: &str, wanted: &str) -> Option<&'a Value> {
    items(list).iter().find(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_and_lists_are_searched_alike() {
        for list in [json!([{"name": "a"}, {"name": "b"}]), json!({"items": [{"name": "b"}], "total": 1})] {
            assert!(find(&list, "name", "b").is_some());
            assert!(find(&list, "name", "c").is_none());
        }
    }
}
