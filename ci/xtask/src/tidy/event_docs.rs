//! docs/EVENTS.md names every event type of the code and no other.

use super::Finding;
use super::golden_events::declared;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "event-docs";

const DOC: &str = "docs/EVENTS.md";
/// The section whose tables are the list.
const HEADING: &str = "## Catalogue";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let events = declared(tree);
    let Some(doc) = tree.file(DOC) else {
        return events.iter().take(1).map(|_| Finding::new(NAME, DOC, 1, "missing")).collect();
    };
    let listed = listed(doc);
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    let missing = names.iter().filter(|name| !listed.iter().any(|(_, listed)| listed == *name));
    let mut findings: Vec<Finding> = missing
        .map(|name| Finding::new(NAME, DOC, doc.line_of(HEADING), format!("does not list `{name}`")))
        .collect();
    let unknown = listed.iter().filter(|(_, name)| !names.contains(name));
    findings.extend(
        unknown.map(|(line, name)| Finding::new(NAME, DOC, *line, format!("no event has the type `{name}`"))),
    );
    findings
}

/// The first cell of each table row of the section, when it is one name in backticks.
fn listed(doc: &SourceFile) -> Vec<(usize, &str)> {
    doc.lines()
        .skip_while(|(_, line)| *line != HEADING)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .filter_map(|(number, line)| {
            let cell = line.strip_prefix("| `")?;
            cell.split_once("` |").map(|(name, _)| (number, name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "impl Event for A {\n const TYPE: &'static str = \"a.made\";\n const VERSION: u16 = 1;\n}\n";

    fn findings(doc: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/colink-events/src/a.rs", SOURCE), (DOC, doc)]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_list_equals_the_code() {
        assert!(findings("## Catalogue\n| `a.made` | x |\n## Next\n| `b.made` | x |\n").is_empty());
    }

    #[test]
    fn a_type_that_is_not_listed_is_found() {
        assert_eq!(findings("## Catalogue\n")[0], "docs/EVENTS.md:1 event-docs: does not list `a.made`");
    }

    #[test]
    fn a_type_that_does_not_exist_is_found() {
        let found = findings("## Catalogue\n| `a.made` | x |\n| `b.made` | x |\n");
        assert_eq!(found, ["docs/EVENTS.md:3 event-docs: no event has the type `b.made`"]);
    }
}
