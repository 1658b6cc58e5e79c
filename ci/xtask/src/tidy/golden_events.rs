//! Every event type and version has a golden file, and no golden file is left over.

use super::Finding;
use super::rust_text::{before_tests, without_comments};
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "golden-events";

const SOURCES: &str = "crates/colink-events/src/";
const GOLDEN: &str = "crates/colink-events/golden/";

/// An event as its source declares it.
pub(super) struct EventType {
    pub(super) name: String,
    version: String,
    path: String,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let events = declared(tree);
    let golden = |event: &EventType| format!("{GOLDEN}{}.v{}.json", event.name, event.version);
    let mut findings: Vec<Finding> = events
        .iter()
        .filter(|event| tree.file(&golden(event)).is_none())
        .map(|event| Finding::new(NAME, &event.path, event.line, format!("needs {}", golden(event))))
        .collect();
    let expected: Vec<String> = events.iter().map(golden).collect();
    for file in tree.under(GOLDEN).filter(|file| !expected.contains(&file.path)) {
        findings.push(Finding::new(NAME, &file.path, 1, "is the golden file of no event type and version"));
    }
    findings
}

/// Every event type of colink-events: each `event!(Name = Stream "type" v 1 …)`, and each `const TYPE` with the
/// `const VERSION` of the same block.
pub(super) fn declared(tree: &Tree) -> Vec<EventType> {
    tree.rust_under(SOURCES)
        .flat_map(|file| {
            let code = without_comments(before_tests(&file.text));
            let mut events = from_macros(file, &code);
            events.extend(from_constants(file, &code));
            events
        })
        .collect()
}

fn from_macros(file: &SourceFile, code: &str) -> Vec<EventType> {
    let event = |(at, start): (usize, &str)| {
        let (head, _) = code[at + start.len()..].split_once(';')?;
        let (_, rest) = head.split_once('"')?;
        let (name, rest) = rest.split_once('"')?;
        let version = rest.trim_start().strip_prefix("v ")?.split_whitespace().next()?;
        let line = code[..at].matches('\n').count() + 1;
        Some(EventType { name: name.to_owned(), version: version.to_owned(), path: file.path.clone(), line })
    };
    code.match_indices("event!(").filter_map(event).collect()
}

fn from_constants(file: &SourceFile, code: &str) -> Vec<EventType> {
    let (mut kind, mut version, mut events) = (None, None, Vec::new());
    for (index, line) in code.lines().enumerate() {
        // Both constants stand in one impl block, in either order.
        if line.starts_with("impl") {
            (kind, version) = (None, None);
        }
        kind = value(line, "const TYPE:").map(|name| (name, index + 1)).or(kind);
        version = value(line, "const VERSION:").or(version);
        if let (Some((name, line)), Some(number)) = (kind, version) {
            let (name, version_number) = (name.to_owned(), number.to_owned());
            events.push(EventType { name, version: version_number, path: file.path.clone(), line });
            (kind, version) = (None, None);
        }
    }
    events
}

/// The literal that a line gives to the constant; a declaration without a value has none.
fn value<'l>(line: &'l str, constant: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(constant)?;
    let (_, value) = rest.split_once('=')?;
    let value = value.trim_start();
    match value.strip_prefix('"') {
        Some(text) => text.split('"').next(),
        None => value.split(';').next().filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "pub trait Event {\n    const TYPE: &'static str;\n    const VERSION: u16;\n}\n\
        impl Event for A {\n    const TYPE: &'static str = \"a.made\";\n    const VERSION: u16 = 1;\n}\n\
        impl Event for B { const VERSION: u16 = 2; const TYPE: &'static str = \"b.made\"; }\n\
        event!(C = Users \"c.made\" v 3 mirrored true;\n    |e| e.id, |_: &Self| None);\n";

    fn tree(golden: &[&str]) -> Tree {
        let golden: Vec<String> = golden.iter().map(|name| format!("{GOLDEN}{name}")).collect();
        let mut files = vec![("crates/colink-events/src/a.rs", SOURCE)];
        files.extend(golden.iter().map(|path| (path.as_str(), "{}")));
        Tree::of(&files)
    }

    #[test]
    fn types_are_found_with_their_versions_in_either_order() {
        let found = declared(&tree(&[]));
        let found: Vec<String> =
            found.iter().map(|event| format!("{}.v{}:{}", event.name, event.version, event.line)).collect();
        assert_eq!(found, ["c.made.v3:10", "a.made.v1:6", "b.made.v2:9"]);
    }

    #[test]
    fn a_missing_golden_file_is_found() {
        assert!(check(&tree(&["a.made.v1.json", "b.made.v2.json", "c.made.v3.json"])).is_empty());
        assert_eq!(check(&tree(&["a.made.v1.json", "c.made.v3.json"]))[0].line, 9);
    }

    #[test]
    fn a_golden_file_of_nothing_is_found() {
        let found = check(&tree(&["a.made.v1.json", "b.made.v1.json", "b.made.v2.json", "c.made.v3.json"]));
        assert_eq!(found.len(), 1);
        assert!(found[0].path.ends_with("b.made.v1.json"));
    }
}
