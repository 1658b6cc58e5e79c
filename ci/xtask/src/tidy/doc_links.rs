//! A link in a document leads to a file that is there.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "doc-links";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let documents = tree.files().iter().filter(|file| file.extension() == "md");
    documents.flat_map(|document| broken(tree, document)).collect()
}

fn broken<'t>(tree: &'t Tree, document: &'t SourceFile) -> impl Iterator<Item = Finding> + 't {
    document.lines().flat_map(|(number, line)| targets(line).map(move |target| (number, target))).filter_map(
        move |(number, target)| {
            let path = resolve(&document.path, target)?;
            let folder = format!("{path}/");
            let is_there = tree.file(&path).is_some() || tree.under(&folder).next().is_some();
            (!is_there).then(|| Finding::new(NAME, &document.path, number, format!("{path} is not there")))
        },
    )
}

/// What stands between `](` and the next `)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The path in the repository that a link of `document` means; `None` for the web and for places on the same page.
fn resolve(document: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().filter(|path| !path.is_empty())?;
    if path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<usize> {
        let tree = Tree::of(&[("docs/adr/1.md", text), ("docs/API.md", ""), ("crates/a/src/lib.rs", "")]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn files_folders_pages_and_the_web_pass() {
        let text =
            "[a](../API.md#codes) [b](../../crates/a) [c](#here) [d](https://example.org/x.md) [e](1.md)\n";
        assert!(found(text).is_empty());
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        assert_eq!(found("ok\n[a](API.md) and [b](../NO.md)\n"), [2, 2]);
    }
}
