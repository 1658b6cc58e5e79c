//! One endpoint a file: `services/*/src/routes/<resource>/<verb>.rs` holds one handler with its OpenAPI path.
//!
//! What the endpoints of a resource share stands in `routes/<resource>.rs`. Endpoints below
//! `routes/internal/` are not part of the public API, so they need no OpenAPI path.

use super::Finding;
use super::rust_text::{before_tests, without_comments};
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "endpoints";

const ANNOTATION: &str = "#[utoipa::path(";
const HANDLERS: &[&str] = &["pub async fn ", "pub(crate) async fn ", "pub(super) async fn "];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust_under("services/").filter_map(|file| finding(file, resource(&file.path)?)).collect()
}

/// The resource of an endpoint file's path.
fn resource(path: &str) -> Option<&str> {
    let (_, rest) = path.strip_prefix("services/")?.split_once('/')?;
    let (resource, _) = rest.strip_prefix("src/routes/")?.split_once('/')?;
    Some(resource)
}

fn finding(file: &SourceFile, resource: &str) -> Option<Finding> {
    let code = without_comments(before_tests(&file.text));
    let is_handler = |line: &str| HANDLERS.iter().any(|start| line.trim_start().starts_with(start));
    let handlers: Vec<usize> =
        code.lines().enumerate().filter(|(_, line)| is_handler(line)).map(|(index, _)| index + 1).collect();
    let annotations = code.matches(ANNOTATION).count();
    let message = match (handlers.len(), annotations) {
        (1, 1) => return None,
        (1, 0) if resource == "internal" => return None,
        (1, count) => format!("the handler has {count} `{ANNOTATION}…)]`, not one"),
        (0, _) => "holds no handler: what endpoints share stands in routes/<resource>.rs".to_owned(),
        (count, _) => format!("holds {count} handlers: one endpoint a file"),
    };
    let line = handlers.last().copied().unwrap_or(1);
    Some(Finding::new(NAME, &file.path, line, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "services/a/src/routes/users/lock.rs";
    const HANDLER: &str = "#[utoipa::path(\n    post,\n)]\npub(crate) async fn lock_user() {}\n";

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_annotated_handler_passes() {
        assert!(found(PATH, HANDLER).is_empty());
        assert!(found(PATH, &format!("// pub async fn old()\n{HANDLER}async fn load() {{}}\n")).is_empty());
    }

    #[test]
    fn none_and_two_handlers_are_found() {
        assert_eq!(found(PATH, "pub struct View;").len(), 1);
        assert!(found(PATH, &HANDLER.repeat(2))[0].starts_with(&format!("{PATH}:8 ")));
    }

    #[test]
    fn a_handler_without_a_path_is_found_but_for_internal_ones() {
        let plain = "pub async fn lookup_users() {}\n";
        assert_eq!(found(PATH, plain).len(), 1);
        assert!(found("services/a/src/routes/internal/lookup.rs", plain).is_empty());
    }

    #[test]
    fn what_a_resource_shares_is_no_endpoint() {
        assert!(found("services/a/src/routes/users.rs", "pub struct View;").is_empty());
    }
}
