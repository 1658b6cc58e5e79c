//! One OpenAPI document of all services' documents.
//!
//! Each service describes its own paths; at the gateway they stand behind `/api`, but for those that it
//! answers itself. Two services may give one name to two shapes: such a schema gets its service's name in
//! front, and the references to it inside that service's document follow.

use serde_json::{Map, Value, json};

/// The documents as they are checked in under `openapi/`; a test holds them against the code.
pub const SERVICES: [(&str, &str); 8] = [
    ("auth", include_str!("../../../../openapi/auth.json")),
    ("channels", include_str!("../../../../openapi/channels.json")),
    ("messaging", include_str!("../../../../openapi/messaging.json")),
    ("presence", include_str!("../../../../openapi/presence.json")),
    ("files", include_str!("../../../../openapi/files.json")),
    ("search", include_str!("../../../../openapi/search.json")),
    ("admin", include_str!("../../../../openapi/admin.json")),
    (EDGE, include_str!("../../../../openapi/gateway.json")),
];

/// The service whose paths are those of its document: the gateway itself.
pub const EDGE: &str = "gateway";

/// Merges `(service, document)` pairs.
///
/// # Errors
/// A document that is not JSON.
pub fn merge(documents: &[(&str, &str)]) -> Result<Value, serde_json::Error> {
    let mut paths = Map::new();
    let mut components: Map<String, Value> = Map::new();
    let mut tags = Vec::new();
    for (service, text) in documents {
        let mut document: Value = serde_json::from_str(text)?;
        make_names_unique(&mut document, &components, service);
        let prefix = if *service == EDGE { "" } else { "/api" };
        for (path, item) in take_object(&mut document["paths"]) {
            paths.insert(format!("{prefix}{path}"), tagged(item, service));
        }
        for (section, entries) in take_object(&mut document["components"]) {
            let target = components.entry(section).or_insert_with(|| json!({}));
            if let (Value::Object(target), Value::Object(entries)) = (target, entries) {
                target.extend(entries);
            }
        }
        tags.push(json!({"name": service, "description": document["info"]["description"]}));
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CoLink",
            "description": "Every public operation of the fleet, as the gateway serves it.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": "/"}],
        "security": [{"bearerAuth": []}],
        "tags": tags,
        "paths": paths,
        "components": components,
    }))
}

/// Renames what would overwrite another service's entry of the same name but another shape.
fn make_names_unique(document: &mut Value, taken: &Map<String, Value>, service: &str) {
    let mut renames = Vec::new();
    for (section, entries) in document["components"].as_object().into_iter().flatten() {
        for (name, shape) in entries.as_object().into_iter().flatten() {
            let other = taken.get(section).and_then(|entries| entries.get(name));
            if other.is_some_and(|other| other != shape) {
                renames.push((section.clone(), name.clone(), format!("{}{name}", capitalised(service))));
            }
        }
    }
    for (section, name, unique) in renames {
        if let Some(entries) = document["components"][&section].as_object_mut()
            && let Some(shape) = entries.remove(&name)
        {
            entries.insert(unique.clone(), shape);
        }
        redirect(
            document,
            &format!("#/components/{section}/{name}"),
            &format!("#/components/{section}/{unique}"),
        );
    }
}

fn redirect(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(object) => {
            if object.get("$ref").is_some_and(|reference| reference == from) {
                object.insert("$ref".to_owned(), Value::from(to));
            }
            object.values_mut().for_each(|inner| redirect(inner, from, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| redirect(inner, from, to)),
        _ => {}
    }
}

fn tagged(mut item: Value, service: &str) -> Value {
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if operation.get("operationId").is_some() {
            operation["tags"] = json!([service]);
        }
    }
    item
}

fn take_object(value: &mut Value) -> Map<String, Value> {
    match value.take() {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::{SERVICES, merge};

    /// G-6
    #[test]
    fn one_name_for_two_shapes_is_told_apart_and_one_shape_is_shared() {
        let document = |shape: &str| {
            json!({"paths": {format!("/{shape}"): {"get": {"operationId": shape, "schema": {"$ref": "#/components/schemas/Page"}}}},
                "components": {"schemas": {"Page": {"type": shape}, "Error": {"type": "object"}}}})
            .to_string()
        };
        let (one, two) = (document("string"), document("array"));
        let merged = merge(&[("auth", &one), ("files", &two)]).unwrap();

        assert_eq!(merged["components"]["schemas"]["Page"], json!({"type": "string"}));
        assert_eq!(merged["components"]["schemas"]["FilesPage"], json!({"type": "array"}));
        assert_eq!(merged["components"]["schemas"].as_object().unwrap().len(), 3);
        assert_eq!(merged["paths"]["/api/array"]["get"]["schema"]["$ref"], "#/components/schemas/FilesPage");
        assert_eq!(merged["paths"]["/api/string"]["get"]["tags"], json!(["auth"]));
    }

    /// G-6
    #[test]
    fn what_the_gateway_answers_itself_does_not_stand_behind_api() {
        let paths = merge(&SERVICES).unwrap()["paths"].take();
        assert!(paths.get("/health").is_some() && paths.get("/openapi/{service}.json").is_some());
        assert!(paths.get("/api/health").is_none());
    }

    /// G-6
    #[test]
    fn operation_ids_are_unique_in_the_fleet() {
        let merged = merge(&SERVICES).unwrap();
        let mut seen = HashSet::new();
        for operation in
            merged["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
        {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            assert!(seen.insert(id.clone()), "{id} is there twice");
        }
    }
}
