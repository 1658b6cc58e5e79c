//! A file is at most 300 lines, or says in its first line why it is not; 500 is the end of all reasons.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "file-length";

const GOAL: usize = 300;
const LIMIT: usize = 500;
const REASON: &str = "tidy: long because ";
const EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "css", "sql", "sh"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let source = |file: &&SourceFile| EXTENSIONS.contains(&file.extension());
    tree.files().iter().filter(source).filter_map(finding).collect()
}

fn finding(file: &SourceFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    let message = match lines {
        0..=GOAL => return None,
        _ if lines > LIMIT => format!("{lines} lines; no file is longer than {LIMIT}: split it by purpose"),
        _ if has_reason(file) => return None,
        _ => format!(
            "{lines} lines; split it by purpose, or start the file with `// {REASON}…` (limit {LIMIT})"
        ),
    };
    Some(Finding::new(NAME, &file.path, lines, message))
}

fn has_reason(file: &SourceFile) -> bool {
    let first = file.text.lines().next().unwrap_or_default();
    first.split_once(REASON).is_some_and(|(_, why)| why.trim().len() > 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(first: &str, lines: usize) -> usize {
        let text = format!("{first}\n{}", "x\n".repeat(lines - 1));
        check(&Tree::of(&[("crates/a/src/lib.rs", &text)])).len()
    }

    #[test]
    fn three_hundred_lines_pass_and_one_more_needs_a_reason() {
        assert_eq!(messages("//! a", 300), 0);
        assert_eq!(messages("//! a", 301), 1);
        assert_eq!(messages("// tidy: long because ", 301), 1);
        assert_eq!(messages("// tidy: long because the table is one list", 301), 0);
    }

    #[test]
    fn no_reason_is_good_enough_above_five_hundred() {
        assert_eq!(messages("// tidy: long because the table is one list", 500), 0);
        assert_eq!(messages("// tidy: long because the table is one list", 501), 1);
    }

    #[test]
    fn data_may_be_long() {
        let text = "x\n".repeat(900);
        assert!(check(&Tree::of(&[("docs/a.md", &text), ("Cargo.lock", &text)])).is_empty());
    }
}
