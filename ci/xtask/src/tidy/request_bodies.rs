//! Every body in `openapi/<service>.json` is named after its operation and has an example that fits it.
//!
//! `create_bot` takes a `CreateBot`; where operations share a body, it has the name of one of them. Operation ids are
//! unique in the fleet, so these names are too. An example that has other fields than its schema says that the document
//! shows the body of another operation.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "request-bodies";

/// A body, and the operation that takes it.
struct TakenBody<'d> {
    operation: &'d str,
    /// The name of its schema; empty for one without.
    name: &'d str,
    schema: &'d Value,
    example: &'d Value,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.under("openapi/").filter(|file| file.extension() == "json").flat_map(of_document).collect()
}

fn of_document(file: &SourceFile) -> Vec<Finding> {
    let document: Value = serde_json::from_str(&file.text).unwrap_or_default();
    let bodies = bodies(&document);
    let mut takers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for body in &bodies {
        takers.entry(body.name).or_default().push(body.operation);
    }
    let named = |body: &TakenBody<'_>| takers[body.name].iter().any(|id| pascal_case(id) == body.name);
    let problem = |body: &TakenBody<'_>| if named(body) { unfit(body) } else { Some(misnamed(body)) };
    let finding = |body: &TakenBody<'_>| {
        let line = file.line_of(&format!("\"operationId\": \"{}\"", body.operation));
        problem(body).map(|message| Finding::new(NAME, &file.path, line, message))
    };
    bodies.iter().filter_map(finding).collect()
}

fn bodies(document: &Value) -> Vec<TakenBody<'_>> {
    let items = document["paths"].as_object().into_iter().flat_map(Map::values);
    let operations = items.filter_map(Value::as_object).flat_map(Map::values);
    operations
        .filter_map(|operation| {
            let content = &operation.get("requestBody")?["content"]["application/json"];
            let name = reference(&content["schema"]);
            let schema = &document["components"]["schemas"][name];
            let example = content.get("example").unwrap_or(&schema["example"]);
            Some(TakenBody { operation: operation["operationId"].as_str()?, name, schema, example })
        })
        .collect()
}

/// The name that a schema refers to; a body that may be left out is one of that and null.
fn reference(schema: &Value) -> &str {
    let schema = schema["oneOf"].get(0).unwrap_or(schema);
    schema["$ref"].as_str().and_then(|text| text.rsplit('/').next()).unwrap_or_default()
}

fn misnamed(body: &TakenBody<'_>) -> String {
    let (operation, wanted) = (body.operation, pascal_case(body.operation));
    format!("the body of {operation} is called `{}`, after no operation that takes it: `{wanted}`", body.name)
}

/// What is wrong with the example, if anything.
fn unfit(body: &TakenBody<'_>) -> Option<String> {
    let operation = body.operation;
    let Some(example) = body.example.as_object() else {
        return Some(format!("the body of {operation} has no example"));
    };
    let properties = body.schema["properties"].as_object()?;
    if let Some(unknown) = example.keys().find(|key| !properties.contains_key(*key)) {
        return Some(format!("the example for {operation} has `{unknown}`, which `{}` has not", body.name));
    }
    let mut required = body.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.find(|key| !example.contains_key(*key))?;
    Some(format!("the example for {operation} lacks `{missing}`"))
}

fn pascal_case(id: &str) -> String {
    let capitalised = |word: &str| -> String {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    id.split('_').map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two operations, whose bodies are of `schemas`; the first has an example beside it.
    fn found(schemas: [&str; 2], example: &Value) -> Vec<String> {
        let body = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}});
        let refer = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut first = body(&json!({"oneOf": [refer(schemas[0]), {"type": "null"}]}));
        first["content"]["application/json"]["example"] = example.clone();
        let bot = json!({"properties": {"name": {}, "about": {}}, "required": ["name"]});
        let document = json!({
            "paths": {
                "/bots": {"get": {"operationId": "list_bots"}, "post": {"operationId": "create_bot", "requestBody": first}},
                "/bots/{id}": {"put": {"operationId": "update_bot", "requestBody": body(&refer(schemas[1]))}}
            },
            "components": {"schemas": {
                "CreateBot": bot, "Request": bot, "UpdateBot": {"properties": {"about": {}}, "example": {"about": "x"}}
            }}
        });
        let findings = check(&Tree::of(&[("openapi/a.json", &document.to_string())]));
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn bodies_that_are_named_and_shown_pass() {
        assert!(found(["CreateBot", "UpdateBot"], &json!({"name": "x"})).is_empty());
        assert!(found(["UpdateBot", "UpdateBot"], &json!({})).is_empty(), "a shared one has the name of one");
    }

    #[test]
    fn a_name_after_no_operation_is_found() {
        let findings = found(["Request", "Request"], &json!({"name": "x"}));
        assert!(findings.len() == 2 && findings[0].contains("`Request`"), "{findings:?}");
    }

    #[test]
    fn an_example_that_is_missing_or_of_another_body_is_found() {
        for (example, words) in [
            (Value::Null, "has no example"),
            (json!({"name": "x", "token": "y"}), "has `token`"),
            (json!({"about": "x"}), "lacks `name`"),
        ] {
            let findings = found(["CreateBot", "UpdateBot"], &example);
            assert!(findings.len() == 1 && findings[0].contains(words), "{example}: {findings:?}");
        }
    }
}
