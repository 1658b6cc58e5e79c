//! A name in the OpenAPI documents stands for one type of the fleet.
//!
//! Two types of one name overwrite one another in the document of their service, which then shows a wrong body, and
//! the gateway's document is made of all of them. A type that is called like another one has `#[schema(as = …)]`.
//! Types that macros declare are seen by their shapes in the documents alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Finding;
use super::rust_text::{before_tests, without_comments};
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "schema-names";

const DERIVE: &str = "#[derive(";

/// A type with a schema.
struct Declared {
    name: String,
    path: String,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = of_types(tree);
    findings.extend(of_documents(tree));
    findings
}

/// Types that share a name.
fn of_types(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let sources = tree.rust_under("crates/").chain(tree.rust_under("services/"));
    for declared in sources.filter(|file| file.path.contains("/src/")).flat_map(declared) {
        let Declared { name, path, line } = declared;
        match first.get(&name) {
            Some(other) => {
                let message = format!(
                    "`{name}` is the schema of a type in {other} too: `#[schema(as = …)]` tells them apart"
                );
                findings.push(Finding::new(NAME, &path, line, message));
            }
            None => drop(first.insert(name, path)),
        }
    }
    findings
}

fn declared(file: &SourceFile) -> Vec<Declared> {
    let code = without_comments(before_tests(&file.text));
    let starts = code.match_indices(DERIVE).map(|(at, _)| at);
    starts
        .filter_map(|at| {
            let (name, lines) = schema_name(&code[at + DERIVE.len()..])?;
            let line = code[..at].matches('\n').count() + lines + 1;
            Some(Declared { name, path: file.path.clone(), line })
        })
        .collect()
}

/// The name of the schema that is derived here, and so many lines below the type that it is of.
fn schema_name(from_derive: &str) -> Option<(String, usize)> {
    let (derived, rest) = from_derive.split_once(")]")?;
    if !derived.split(',').any(|name| name.trim().rsplit("::").next() == Some("ToSchema")) {
        return None;
    }
    let mut given = None;
    for (index, line) in rest.lines().enumerate() {
        if let Some(name) = declared_type(line) {
            let name = given.unwrap_or_else(|| name.to_owned());
            return Some((name, derived.matches('\n').count() + index));
        }
        given = given.or_else(|| line.split_once("schema(as = ").map(|(_, name)| word(name).to_owned()));
    }
    None
}

/// `Name` in `pub(crate) struct Name<T> {`.
fn declared_type(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line =
        line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
    ["struct ", "enum "].iter().find_map(|keyword| line.strip_prefix(keyword)).map(word)
}

/// The letters and digits at the start.
fn word(text: &str) -> &str {
    text.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or(text)
}

/// Shapes that share a name.
fn of_documents(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: BTreeMap<String, (Value, String)> = BTreeMap::new();
    for file in tree.under("openapi/").filter(|file| file.extension() == "json") {
        let document: Value = serde_json::from_str(&file.text).unwrap_or_default();
        for (name, shape) in document["components"]["schemas"].as_object().into_iter().flatten() {
            match first.get(name) {
                Some((known, _)) if known == shape => {}
                Some((_, other)) => {
                    let message = format!("`{name}` has another shape in {other}");
                    findings.push(Finding::new(
                        NAME,
                        &file.path,
                        file.line_of(&format!("\"{name}\": {{")),
                        message,
                    ));
                }
                None => drop(first.insert(name.clone(), (shape.clone(), file.path.clone()))),
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_types_of_one_name_are_found() {
        let view = "/// One.\n#[derive(Debug, ToSchema)]\n#[serde(transparent)]\npub(crate) struct View {}\n";
        let long = "#[derive(\n    Debug,\n    utoipa::ToSchema,\n)]\nenum View {}\n";
        let findings = found(&[("services/a/src/one.rs", view), ("services/b/src/two.rs", long)]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("services/b/src/two.rs:5 schema-names: `View`"), "{findings:?}");
        let one = format!("{view}{}", view.replace("struct View", "struct Other"));
        assert!(found(&[("services/a/src/one.rs", &one)]).is_empty());
    }

    #[test]
    fn a_name_that_is_given_counts() {
        let named = |name: &str, is: &str| {
            format!("#[derive(ToSchema)]\n#[schema(as = {name})]\npub(crate) struct {is}<T>(T);\n")
        };
        let apart = [named("One", "View"), named("Two", "View")].concat();
        assert!(found(&[("services/a/src/one.rs", &apart)]).is_empty());
        let taken = [named("One", "View"), "#[derive(ToSchema)]\npub struct One;\n".to_owned()].concat();
        assert_eq!(found(&[("services/a/src/one.rs", &taken)]).len(), 1);
    }

    #[test]
    fn what_has_no_schema_and_what_tests_declare_may_share_a_name() {
        let plain = "#[derive(Debug)]\nstruct View;\n#[derive(Debug)]\nstruct View;\n";
        let tests = "#[derive(ToSchema)]\nstruct View;\n";
        assert!(
            found(&[("services/a/src/one.rs", plain), ("services/a/tests/api/one.rs", tests)]).is_empty()
        );
    }

    #[test]
    fn one_name_for_two_shapes_in_the_documents_is_found() {
        let document = |kind: &str| {
            format!("{{\"components\": {{\"schemas\": {{\n\"Id\": {{\"type\": \"{kind}\"}}}}}}}}")
        };
        let (text, list) = (document("string"), document("array"));
        assert!(found(&[("openapi/a.json", &text), ("openapi/b.json", &text)]).is_empty());
        let findings = found(&[("openapi/a.json", &text), ("openapi/b.json", &list)]);
        assert_eq!(findings, ["openapi/b.json:2 schema-names: `Id` has another shape in openapi/a.json"]);
    }
}
