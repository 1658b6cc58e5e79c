//! No file, folder or crate is called after a drawer: a name says what is inside.

use super::Finding;
use super::tree::Tree;

pub(super) const NAME: &str = "names";

const DRAWERS: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "managers"];
const CODE: &[&str] = &["rs", "ts", "tsx", "js", "sh", "py"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let code = tree.files().iter().filter(|file| CODE.contains(&file.extension()));
    let mut findings: Vec<Finding> =
        code.filter_map(|file| drawer(&file.path).map(|word| finding(&file.path, 1, word))).collect();
    for member in tree.members() {
        if let Some(word) = drawer(&member.name) {
            findings.push(finding(&member.manifest.path, member.manifest.line_of("name ="), word));
        }
    }
    findings
}

fn finding(path: &str, line: usize, word: &str) -> Finding {
    Finding::new(NAME, path, line, format!("`{word}` names a drawer; name the one purpose"))
}

/// The word of the path that names a drawer; parts of a name count (`session_manager.rs`).
fn drawer(path: &str) -> Option<&str> {
    path.split(['/', '.', '_', '-']).find(|word| DRAWERS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawers_are_found_in_files_folders_and_crates() {
        let tree = Tree::of(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/a/src/session_manager.rs", ""),
            ("crates/a/src/common/x.rs", ""),
            ("crates/colink-b/Cargo.toml", "[package]\nname = \"colink-helpers\""),
            ("crates/a/src/commonality.rs", ""),
            ("docs/common.md", ""),
        ]);
        let found: Vec<String> =
            check(&tree).into_iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/common/x.rs:1",
                "crates/a/src/session_manager.rs:1",
                "crates/a/src/utils.rs:1",
                "crates/colink-b/Cargo.toml:2"
            ]
        );
    }
}
