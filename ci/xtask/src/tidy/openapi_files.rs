//! `openapi/<service>.json` stands for every service and for nothing else.
//!
//! Whether it equals the code is asked by `cargo xtask openapi --check`, which must build the services.

use super::Finding;
use super::tree::Tree;

pub(super) const NAME: &str = "openapi-files";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let expected: Vec<String> =
        tree.services().iter().map(|service| format!("openapi/{service}.json")).collect();
    let missing = expected.iter().filter(|path| tree.file(path).is_none());
    let mut findings: Vec<Finding> = missing
        .map(|path| Finding::new(NAME, path, 1, "missing: write it with `cargo xtask openapi`"))
        .collect();
    for file in tree.under("openapi/").filter(|file| file.extension() == "json") {
        if !expected.contains(&file.path) {
            findings.push(Finding::new(NAME, &file.path, 1, "belongs to no service"));
        } else if !is_openapi(&file.text) {
            findings.push(Finding::new(NAME, &file.path, 1, "is not an OpenAPI 3.1 document"));
        }
    }
    findings
}

fn is_openapi(text: &str) -> bool {
    let document: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let version = document.as_ref().and_then(|document| document["openapi"].as_str());
    version.is_some_and(|version| version.starts_with("3.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_foreign_and_broken_documents_are_found() {
        let tree = Tree::of(&[
            ("services/a/Cargo.toml", ""),
            ("services/b/Cargo.toml", ""),
            ("services/c/Cargo.toml", ""),
            ("openapi/b.json", "{\"openapi\":\"3.1.0\"}"),
            ("openapi/c.json", "{\"openapi\":\"3.0.3\"}"),
            ("openapi/z.json", "{\"openapi\":\"3.1.0\"}"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["openapi/a.json", "openapi/c.json", "openapi/z.json"]);
    }
}
