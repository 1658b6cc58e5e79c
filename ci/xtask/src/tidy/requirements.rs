//! Tests cite requirement ids in their doc comments; the list is docs/requirements.md.
//!
//! An id that is not in the list fails, and a requirement that the list says is served (`yes`) and no test cites. The
//! others without a test are printed: they are not built yet, or not all of them.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "requirements";

const LIST: &str = "docs/requirements.md";
/// The state of a requirement that the release serves whole.
const SERVED: &str = "yes";
/// The first letters of the ids; `UTF-8` and `P-256` are none.
const AREAS: &str = "GAWCMRFSDEOIBXZLKT";

/// A row of the list: `| A-1 | what | state |`.
struct Requirement<'t> {
    line: usize,
    id: &'t str,
    /// `yes`, `part` or `later`: how much of it the release serves.
    state: &'t str,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.file(LIST) else { return Vec::new() };
    let (rows, citations) = (rows(list), citations(tree));
    let unknown = citations.iter().filter(|(_, _, id)| rows.iter().all(|row| row.id != *id));
    let unknown =
        unknown.map(|(path, line, id)| Finding::new(NAME, path, *line, format!("{id} is not in {LIST}")));
    let is_cited = |row: &Requirement<'_>| citations.iter().any(|(_, _, id)| row.id == *id);
    let untested = rows.iter().filter(|row| row.state == SERVED && !is_cited(row));
    let untested = untested.map(|row| {
        let message = format!("{} is served, and no test cites it", row.id);
        Finding::new(NAME, LIST, row.line, message)
    });
    unknown.chain(untested).collect()
}

/// What tests cite and what they do not, as lines to print.
pub(super) fn coverage(tree: &Tree) -> Vec<String> {
    let Some(list) = tree.file(LIST) else { return Vec::new() };
    let cited: BTreeSet<&str> = citations(tree).into_iter().map(|(_, _, id)| id).collect();
    let rows = rows(list);
    let named: Vec<&str> = rows.iter().map(|row| row.id).filter(|id| cited.contains(id)).collect();
    let uncited = |state: &str| -> Vec<&str> {
        rows.iter().filter(|row| row.state == state && !cited.contains(row.id)).map(|row| row.id).collect()
    };
    let mut lines = vec![format!(
        "note: {} of {} requirements are cited by tests: {}",
        named.len(),
        rows.len(),
        join(&named)
    )];
    for (state, what) in [("part", "served in part"), ("later", "for later")] {
        let ids = uncited(state);
        if !ids.is_empty() {
            lines.push(format!("note: {what}, cited by no test: {}", join(&ids)));
        }
    }
    lines
}

fn join(ids: &[&str]) -> String {
    if ids.is_empty() { "none".to_owned() } else { ids.join(" ") }
}

fn rows(list: &SourceFile) -> Vec<Requirement<'_>> {
    list.lines()
        .filter(|(_, line)| line.starts_with("| "))
        .filter_map(|(number, line)| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let id = cells.next().filter(|cell| is_id(cell))?;
            Some(Requirement { line: number, id, state: cells.next_back().unwrap_or_default() })
        })
        .collect()
}

/// Path, line and id of each requirement that the doc comment of a test names.
fn citations(tree: &Tree) -> Vec<(&str, usize, &str)> {
    tree.files().iter().filter(|file| file.extension() == "rs").flat_map(in_file).collect()
}

fn in_file(file: &SourceFile) -> Vec<(&str, usize, &str)> {
    let (mut comment, mut found): (Vec<(&str, usize, &str)>, _) = (Vec::new(), Vec::new());
    let mut is_test = false;
    for (number, line) in file.lines() {
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix("///") {
            comment.extend(ids(text).map(|id| (file.path.as_str(), number, id)));
        } else if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
        } else {
            if is_test {
                found.append(&mut comment);
            }
            (comment, is_test) = (Vec::new(), false);
        }
    }
    found
}

fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '-')).filter(|word| is_id(word))
}

fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(area, number)| {
        area.len() == 1
            && AREAS.contains(area)
            && (1..=2).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "| id | what | now |\n|---|---|---|\n| A-1 | register | yes |\n| A-9 | passkeys | later |\n| G-1 | edge | part |\n";
    const TEST: &str = "/// A-1: a name in UTF-8 is kept.\n#[actix_web::test]\nasync fn registers() {}\n\n/// G-1\nfn not_a_test() {}\n";

    fn tree(test: &str) -> Tree {
        Tree::of(&[("docs/requirements.md", ROWS), ("services/auth/tests/api/register.rs", test)])
    }

    #[test]
    fn only_doc_comments_of_tests_cite() {
        let lines = coverage(&tree(TEST));
        assert_eq!(
            lines,
            [
                "note: 1 of 3 requirements are cited by tests: A-1",
                "note: served in part, cited by no test: G-1",
                "note: for later, cited by no test: A-9"
            ]
        );
        assert!(check(&tree(TEST)).is_empty());
    }

    #[test]
    fn an_id_that_is_not_in_the_list_is_found() {
        let found = check(&tree(&format!("{TEST}/// A-77\n#[test]\nfn b() {{}}\n")));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 7);
    }

    #[test]
    fn a_served_requirement_whose_last_test_is_gone_is_found() {
        let found = check(&tree(&TEST.replace("A-1", "A-9")));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["docs/requirements.md:3 requirements: A-1 is served, and no test cites it"]);
    }
}
