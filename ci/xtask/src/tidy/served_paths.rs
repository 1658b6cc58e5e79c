//! What a service's `routes` serve stands in its `openapi/<service>.json`, and nothing else does.
//!
//! The tests that ask every endpoint are made from the document: a method or a second path that is served without it is
//! asked by none of them. An operation is called after its handler, so that each method and path needs a handler of its
//! own. `/internal` is not described, nor what the gateway forwards.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Finding;
use super::rust_text::{before_tests, without_comments};
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "served-paths";

const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A handler at a path.
struct Route {
    verb: &'static str,
    /// Behind the scope, where it stands in one.
    path: String,
    /// `users::update::update_profile`.
    handler: String,
}

/// An operation of the document.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Described {
    verb: &'static str,
    path: String,
    id: String,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.services().into_iter().flat_map(|service| of_service(tree, service)).collect()
}

fn of_service(tree: &Tree, service: &str) -> Vec<Finding> {
    let document_path = format!("openapi/{service}.json");
    let Some(document) = tree.file(&document_path) else { return Vec::new() };
    let described = described(document);
    let mut served: BTreeSet<&Described> = BTreeSet::new();
    let mut findings = Vec::new();
    let routes = format!("services/{service}/src/routes");
    for file in tree.rust_under(&routes) {
        for route in routes_of(file) {
            let known = described.iter().find(|one| route.is(one));
            served.extend(known);
            if known.is_none() {
                let Route { verb, path, handler } = &route;
                let message = format!(
                    "`{verb} {path}` is served by `{handler}` and {document_path} has no such operation: give it a \
                     handler with its own `#[utoipa::path]`"
                );
                let line = file.line_of(&format!("{handler})"));
                findings.push(Finding::new(NAME, &file.path, line, message));
            }
        }
    }
    let unserved = described.iter().filter(|one| !served.contains(one));
    findings.extend(unserved.map(|Described { verb, path, id }| {
        let line = document.line_of(&format!("\"operationId\": \"{id}\""));
        Finding::new(NAME, &document_path, line, format!("`{verb} {path}` is served by no handler `{id}`"))
    }));
    findings
}

impl Route {
    fn is(&self, described: &Described) -> bool {
        let name = self.handler.rsplit("::").next();
        described.verb == self.verb
            && name == Some(described.id.as_str())
            && described.path.ends_with(&self.path)
    }
}

fn described(document: &SourceFile) -> Vec<Described> {
    let document: Value = serde_json::from_str(&document.text).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    let of_path = |(path, item): (&String, &Value)| -> Vec<Described> {
        let there = VERBS.into_iter().filter_map(|verb| Some((verb, item[verb]["operationId"].as_str()?)));
        there.map(|(verb, id)| Described { verb, path: path.clone(), id: id.to_owned() }).collect()
    };
    paths.flat_map(of_path).collect()
}

/// What a file registers: `resource("/path").route(get().to(a::b))` and `resource(["/one", "/two"]).get(a::b)`.
fn routes_of(file: &SourceFile) -> Vec<Route> {
    let code: String = without_comments(before_tests(&file.text)).split_whitespace().collect();
    let mut routes = Vec::new();
    for resource in code.split("resource(").skip(1) {
        let Some((paths, chain)) = resource.split_once(')') else { continue };
        let paths: Vec<&str> = paths.split('"').skip(1).step_by(2).collect();
        for (verb, handler) in VERBS.into_iter().flat_map(|verb| handlers(chain, verb)) {
            routes.extend(paths.iter().map(|path| Route {
                verb,
                path: (*path).to_owned(),
                handler: handler.to_owned(),
            }));
        }
    }
    routes
}

/// The handlers of endpoint files that are registered for a verb.
fn handlers<'c>(chain: &'c str, verb: &'static str) -> Vec<(&'static str, &'c str)> {
    let calls = [format!("{verb}().to("), format!(".{verb}(")];
    let behind = |call: &String| -> Vec<&'c str> {
        chain.match_indices(call.as_str()).map(|(at, _)| &chain[at + call.len()..]).collect()
    };
    let is_handler = |path: &&str| {
        let is_path = path.chars().all(|char| char.is_ascii_lowercase() || "_:".contains(char));
        is_path && path.contains("::") && !path.starts_with("internal::")
    };
    let arguments = calls.iter().flat_map(behind).filter_map(|rest| rest.split(')').next());
    arguments.filter(is_handler).map(|handler| (verb, handler)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"paths": {"/users/{id}": {
        "get": {"operationId": "get_user"},
        "put": {"operationId": "update_user"}
    }}}"#;
    const ROUTES: &str = r#"
fn configure(app: &mut ServiceConfig) {
    app.service(
        scope("/users").service(
            resource("/{id}").route(get().to(users::get::get_user)).put(users::update::update_user),
        ),
    )
    .service(resource("/internal/users").route(get().to(internal::list::list_users)))
    .service(resource("/ws").route(get().to(forward)));
}
"#;

    fn found(document: &str, routes: &str) -> Vec<String> {
        let files = [
            ("services/a/Cargo.toml", "[package]\nname = \"a\""),
            ("services/a/src/routes.rs", routes),
            ("openapi/a.json", document),
        ];
        check(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_served_and_described_passes() {
        assert!(found(DOCUMENT, ROUTES).is_empty());
    }

    #[test]
    fn a_method_that_is_not_described_is_found() {
        let routes = ROUTES.replace(".put(", ".patch(users::update::update_user).put(");
        let findings = found(DOCUMENT, &routes);
        assert_eq!(findings.len(), 1);
        assert!(
            findings[0].starts_with("services/a/src/routes.rs:5 served-paths: `patch /{id}`"),
            "{findings:?}"
        );
    }

    #[test]
    fn a_second_path_that_is_not_described_is_found_for_each_method() {
        let findings = found(DOCUMENT, &ROUTES.replace("\"/{id}\"", "[\"/{id}\", \"/by-id/{id}/\"]"));
        assert_eq!(findings.len(), 2);
        assert!(findings[0].contains("`get /by-id/{id}/`"), "{findings:?}");
    }

    #[test]
    fn an_operation_that_is_not_served_is_found() {
        let findings = found(DOCUMENT, &ROUTES.replace(".put(users::update::update_user)", ""));
        assert_eq!(
            findings,
            ["openapi/a.json:3 served-paths: `put /users/{id}` is served by no handler `update_user`"]
        );
    }
}
