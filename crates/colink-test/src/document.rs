//! A service's own OpenAPI document, as the tests that are made from it read it.

use reqwest::Method;
use serde_json::{Map, Value};

use crate::client::Client;

/// Paths that every service has.
const COMMON: [&str; 5] = ["/health", "/ready", "/metrics", "/openapi.json", "/docs"];
const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A service's document.
pub(crate) struct Document(Value);

/// One operation of it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With its parameters in braces.
    pub(crate) path: String,
    /// Parameters of the path that are ids.
    pub(crate) ids: Vec<String>,
    /// Parameters of the query.
    pub(crate) queries: Vec<String>,
    /// Headers that it reads.
    pub(crate) headers: Vec<String>,
    /// Whether it asks nobody who he is.
    pub(crate) is_public: bool,
    pub(crate) body: Option<JsonBody>,
    /// Whether it lists `Idempotency-Key`.
    pub(crate) lists_key: bool,
    /// Whether it opens a socket.
    pub(crate) upgrades: bool,
}

/// A body that an operation reads.
#[derive(Debug)]
pub(crate) struct JsonBody {
    pub(crate) required: bool,
    /// What may be sent.
    pub(crate) example: Value,
    /// The names of its fields.
    pub(crate) fields: Vec<String>,
    /// Those of them that are ids.
    pub(crate) ids: Vec<String>,
}

impl Document {
    /// Asks the service for it.
    pub(crate) async fn of(anonymous: &Client) -> Self {
        Self(anonymous.get("/openapi.json").await.expect(200).json())
    }

    /// The service's own operations.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().expect("paths");
        let own = paths.iter().filter(|(path, _)| !COMMON.contains(&path.as_str()));
        let of_path = |(path, item): (&String, &Value)| -> Vec<Operation> {
            let there = VERBS.iter().filter_map(|verb| Some((*verb, item.get(*verb)?)));
            there.map(|(verb, operation)| self.operation(verb, path, operation)).collect()
        };
        own.flat_map(of_path).collect()
    }

    /// What the document says of an operation.
    pub(crate) fn described(&self, operation: &Operation) -> &Value {
        &self.0["paths"][&operation.path][operation.method.as_str().to_lowercase()]
    }

    fn operation(&self, verb: &str, path: &str, operation: &Value) -> Operation {
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        let ids = parameters()
            .filter(|one| one["in"] == "path" && self.resolve(&one["schema"])["format"] == "uuid");
        let security = operation["security"].as_array();
        let named = |place: &str| -> Vec<String> {
            let there = parameters().filter(|one| one["in"] == place);
            there.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
        };
        Operation {
            method: verb.to_uppercase().parse().expect("a method"),
            path: path.to_owned(),
            ids: ids.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect(),
            queries: named("query"),
            headers: named("header"),
            is_public: security.is_some_and(|all| all.contains(&Value::Object(Map::new()))),
            lists_key: parameters().any(|one| one["name"] == "Idempotency-Key"),
            body: operation.get("requestBody").map(|body| self.body(body)),
            upgrades: operation["responses"].get("101").is_some(),
        }
    }

    fn body(&self, body: &Value) -> JsonBody {
        let content = &body["content"]["application/json"];
        let schema = self.resolve(&content["schema"]);
        let given = content.get("example").or_else(|| schema.get("example")).cloned();
        let fields = || schema["properties"].as_object().into_iter().flatten();
        let is_id = |field: &Value| self.resolve(field)["format"] == "uuid";
        JsonBody {
            required: body["required"] == Value::Bool(true),
            fields: fields().map(|(name, _)| name.clone()).collect(),
            ids: fields().filter(|(_, field)| is_id(field)).map(|(name, _)| name.clone()).collect(),
            example: given.unwrap_or_else(|| self.examples_of_fields(schema)),
        }
    }

    fn examples_of_fields(&self, schema: &Value) -> Value {
        let fields = schema["properties"].as_object().into_iter().flatten();
        let with_example = fields
            .filter_map(|(name, field)| Some((name.clone(), self.resolve(field).get("example").cloned()?)));
        Value::Object(with_example.collect())
    }

    /// What a reference points to; of alternatives the first.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.trim_start_matches('#');
            return self.resolve(self.0.pointer(pointer).unwrap_or(&Value::Null));
        }
        schema["oneOf"].get(0).map_or(schema, |first| self.resolve(first))
    }
}

impl Operation {
    /// `GET /path/{parameter}`.
    pub(crate) fn endpoint(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The parameters of the path.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// The path with a value for each parameter.
    pub(crate) fn path_with<'a>(&self, value: impl Fn(&str) -> &'a str) -> String {
        let part = |part: &str| -> String {
            match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => value(name).to_owned(),
                None => part.to_owned(),
            }
        };
        self.path.split('/').map(part).collect::<Vec<_>>().join("/")
    }
}
