//! What every service proves of the bounds of its endpoints (T-4): a value just outside is refused by its name, and one just
//! inside is not. The cases are made from the service's own OpenAPI document, so that no bound that it states is forgotten.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Request};
use crate::document::{Document, Operation};
use crate::refusals::UNKNOWN;

/// A word that no list of words has.
const NO_WORD: &str = "nobody_knows_this";

/// An endpoint (`GET /path/{parameter}`), one of its fields, or `*` for all of them, and the status that it may answer with
/// instead: the test says why.
pub type BoundException<'a> = (&'a str, &'a str, u16);

/// A field of a body or a parameter of a query.
#[derive(Clone, Copy)]
struct Field<'d> {
    name: &'d str,
    in_query: bool,
    schema: &'d Value,
    /// What may be sent; null when the document has none.
    example: &'d Value,
}

/// A value at an edge of what a field may be.
struct Edge {
    value: Value,
    /// For the words of a failure.
    what: String,
    is_inside: bool,
}

/// Sends every body property and query parameter whose schema states a bound or a list of words just outside of it, with the
/// example for the rest and ids of nothing in the path. Where that does nothing (a `GET`, or a thing that is not there) it is
/// sent just inside as well. `token` is of a user who may do what can be done.
///
/// # Panics
/// With every answer to what is outside that is not a 400 which names the field, every one to what is inside that does name
/// it, and every exception that is needless.
pub async fn assert_bounds(anonymous: &Client, token: &str, unless: &[BoundException<'_>]) {
    let document = Document::of(anonymous).await;
    let client = anonymous.bearer(token);
    let (mut wrong, mut asked) = (Vec::new(), 0_usize);
    let mut needless: BTreeSet<&BoundException<'_>> = unless.iter().collect();
    for operation in document.operations().iter().filter(|operation| !operation.upgrades) {
        for (field, edge) in cases(&document, operation) {
            asked += 1;
            let answer = field.request(&client, operation, &edge.value).send().await;
            if edge.is_kept(field.name, &answer) {
                continue;
            }
            match unless.iter().find(|exception| field.is_excused(operation, &answer, exception)) {
                Some(exception) => {
                    needless.remove(exception);
                }
                None => wrong.push(format!("{} of {}: {answer}", field.name, edge.what)),
            }
        }
    }
    wrong.extend(needless.iter().map(|(endpoint, field, _)| format!("{endpoint}: {field} is no exception")));
    assert!(asked > 0, "the document states no bound");
    assert!(wrong.is_empty(), "{} answers are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
}

fn cases<'d>(document: &'d Document, operation: &'d Operation) -> Vec<(Field<'d>, Edge)> {
    let does_nothing = operation.method == Method::GET || !operation.ids.is_empty();
    let mut cases = Vec::new();
    for field in fields(document, operation) {
        let edges = field.edges(document);
        let wanted = edges.into_iter().filter(|edge| does_nothing || !edge.is_inside);
        cases.extend(wanted.map(|edge| (field, edge)));
    }
    cases
}

fn fields<'d>(document: &'d Document, operation: &'d Operation) -> Vec<Field<'d>> {
    let described = document.described(operation);
    let parameters = described["parameters"].as_array().into_iter().flatten();
    let of_query = parameters.filter(|one| one["in"] == "query").filter_map(|one| {
        let (schema, name) = (document.resolve(&one["schema"]), one["name"].as_str()?);
        let example = one.get("example").unwrap_or_else(|| example_of(schema));
        Some(Field { name, in_query: true, schema, example })
    });
    let body = document.resolve(&described["requestBody"]["content"]["application/json"]["schema"]);
    let properties = body["properties"].as_object().into_iter().flatten();
    let of_body = properties.map(|(name, property)| {
        let schema = document.resolve(property);
        let given = operation.body.as_ref().and_then(|body| body.example.get(name));
        Field { name, in_query: false, schema, example: given.unwrap_or_else(|| example_of(schema)) }
    });
    of_query.chain(of_body).collect()
}

fn example_of(schema: &Value) -> &Value {
    schema.get("example").unwrap_or(&schema["examples"][0])
}

impl Field<'_> {
    fn edges(&self, document: &Document) -> Vec<Edge> {
        let mut edges = Vec::new();
        let bound = |name: &str| self.schema[name].as_i64();
        // Nothing is shorter than what may be empty.
        let least = |name: &str| bound(name).filter(|least| *least > 0);
        if self.schema["enum"].is_array() {
            edges.push(Edge::outside(json!(NO_WORD), "a word that is none of the list"));
        }
        let text = |chars: i64| Edge::of(json!(self.text(chars)), format!("{chars} characters"));
        edges.extend(around(least("minLength"), bound("maxLength"), text));
        let list = |items: i64| Edge::of(self.list(document, items), format!("{items} items"));
        edges.extend(around(least("minItems"), bound("maxItems"), list));
        let number = |value: i64| Edge::of(json!(value), value.to_string());
        edges.extend(around(bound("minimum"), bound("maximum"), number));
        let kind = &self.schema["type"];
        if self.in_query && (kind == "integer" || kind == "boolean") {
            edges.push(Edge::outside(json!(NO_WORD), "a word"));
        }
        edges
    }

    /// The example, made so many characters long.
    fn text(&self, chars: i64) -> String {
        let chars = usize::try_from(chars).expect("a length");
        let example = self.example.as_str().unwrap_or_default();
        example.chars().chain(std::iter::repeat('a')).take(chars).collect()
    }

    /// Different ids, or the first item of the example over and over.
    fn list(&self, document: &Document, items: i64) -> Value {
        let is_of_ids = document.resolve(&self.schema["items"])["format"] == "uuid";
        let item = |index: i64| {
            if is_of_ids {
                json!(format!("018f4b1c-7d2a-7c3e-9b1a-{index:012x}"))
            } else {
                self.example[0].clone()
            }
        };
        (0..items).map(item).collect()
    }

    fn request(&self, client: &Client, operation: &Operation, value: &Value) -> Request {
        let mut path = operation.path_with(|_| UNKNOWN);
        if self.in_query {
            path = format!("{path}?{}={}", self.name, in_query(value));
        }
        let mut request = client.request(operation.method.clone(), &path);
        // Without a workspace nothing else is looked at.
        if operation.headers.iter().any(|name| name == "X-Workspace-Id") {
            request = request.header("X-Workspace-Id", UNKNOWN);
        }
        let Some(body) = &operation.body else { return request };
        let mut example = body.example.clone();
        if !self.in_query {
            example[self.name] = value.clone();
        }
        request.json(&example)
    }

    fn is_excused(&self, operation: &Operation, answer: &Answer, exception: &BoundException<'_>) -> bool {
        let (endpoint, field, status) = *exception;
        let is_here = operation.endpoint() == endpoint && (field == self.name || field == "*");
        is_here && answer.status == status
    }
}

impl Edge {
    fn of(value: Value, what: String) -> Self {
        Self { value, what, is_inside: true }
    }

    fn outside(value: Value, what: impl Into<String>) -> Self {
        Self { value, what: what.into(), is_inside: false }
    }

    fn is_kept(&self, field: &str, answer: &Answer) -> bool {
        let is_refused = answer.status == 400 && names(answer, field);
        if self.is_inside { !is_refused && !answer.status.is_server_error() } else { is_refused }
    }
}

/// A value as it stands in a query: lists have commas between their items.
fn in_query(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(in_query).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The last values inside the bounds that there are, and the first ones outside.
fn around(least: Option<i64>, most: Option<i64>, edge: impl Fn(i64) -> Edge) -> Vec<Edge> {
    let outside = |number: i64| Edge { is_inside: false, ..edge(number) };
    let mut edges = Vec::new();
    if let Some(most) = most {
        edges.extend([edge(most), outside(most + 1)]);
    }
    if let Some(least) = least {
        edges.push(outside(least - 1));
        // 0 stands in the document for every unsigned number, and need not be what the service means.
        edges.extend((least > 0).then(|| edge(least)));
    }
    edges
}

/// Whether a refusal names a field or something in it: `file_ids[2]`.
fn names(answer: &Answer, field: &str) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let details = body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    details.filter_map(|detail| detail["field"].as_str()).any(|name| {
        name.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(least: Option<i64>, most: Option<i64>) -> Vec<(i64, bool)> {
        let edges = around(least, most, |value| Edge::of(json!(value), value.to_string()));
        edges.iter().map(|edge| (edge.value.as_i64().unwrap(), edge.is_inside)).collect()
    }

    /// T-4.
    #[test]
    fn a_bound_has_a_value_on_each_side_of_it() {
        assert_eq!(values(Some(1), Some(100)), [(100, true), (101, false), (0, false), (1, true)]);
        assert_eq!(values(Some(0), None), [(-1, false)]);
        assert!(values(None, None).is_empty());
    }
}
