//! The tests that docs/SECURITY.md names for attacks are there.

use super::Finding;
use super::tree::Tree;

pub(super) const NAME: &str = "attack-tests";

const DOCUMENT: &str = "docs/SECURITY.md";
const HEADING: &str = "## Attacks and their tests";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(document) = tree.file(DOCUMENT) else { return Vec::new() };
    let section = document.lines().skip_while(|(_, line)| *line != HEADING).skip(1);
    let section = section.take_while(|(_, line)| !line.starts_with("## "));
    let rows = section.filter_map(|(number, line)| Some((number, tests_of(line)?)));
    let names = rows.flat_map(|(number, tests)| code(tests).map(move |name| (number, name)));
    let missing = names.filter(|(_, name)| !is_there(tree, name));
    missing
        .map(|(number, name)| {
            Finding::new(NAME, DOCUMENT, number, format!("no test or file is called `{name}`"))
        })
        .collect()
}

/// The second cell of a row.
fn tests_of(line: &str) -> Option<&str> {
    line.strip_prefix("| ")?.split(" | ").nth(1)
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_there(tree: &Tree, name: &str) -> bool {
    let mut sources = tree.files().iter().filter(|file| file.extension() == "rs");
    if name.ends_with(".rs") {
        return sources.any(|file| file.path.ends_with(&format!("/{name}")) || file.path == name);
    }
    sources.any(|file| file.text.contains(&format!("fn {name}(")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: (&str, &str) = ("services/auth/tests/api/mail_tls.rs", "async fn nothing_leaves() {}");

    fn found(row: &str) -> usize {
        let document =
            format!("{HEADING}\n\n| attack | test |\n|---|---|\n{row}\n\n## Audit\n\n| a | `gone` |\n");
        check(&Tree::of(&[(DOCUMENT, document.as_str()), TEST])).len()
    }

    #[test]
    fn a_test_that_is_gone_is_found() {
        assert_eq!(found("| no `TLS` | `mail_tls.rs` `nothing_leaves` |"), 0);
        assert_eq!(found("| no `TLS` | `mail.rs` `nothing_leaves` |"), 1);
        assert_eq!(found("| no `TLS` | `mail_tls.rs` `nothing_left` |"), 1);
    }
}
