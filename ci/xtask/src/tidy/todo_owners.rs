//! A mark of unfinished work in code names an owner whom docs/ROADMAP.md lists, in parentheses behind the mark.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "todo-owners";

const ROADMAP: &str = "docs/ROADMAP.md";
/// Written apart, so that this file does not find itself.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const CODE: &[&str] = &["rs", "ts", "tsx", "js", "sql", "sh", "py", "toml", "yml", "yaml", "Dockerfile"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let owners = tree.file(ROADMAP).map(owners).unwrap_or_default();
    let is_code = |file: &&SourceFile| CODE.contains(&file.extension()) || CODE.contains(&file.name());
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(is_code) {
        for (number, line) in file.lines() {
            let Some((mark, owner)) = marked(line) else { continue };
            if owner.is_none_or(|owner| !owners.contains(&owner)) {
                let message = format!("{mark} needs an owner of {ROADMAP}, like {mark}(founders)");
                findings.push(Finding::new(NAME, &file.path, number, message));
            }
        }
    }
    findings
}

/// The mark of a line, as a word of its own, with the owner in parentheses behind it.
fn marked(line: &str) -> Option<(&'static str, Option<&str>)> {
    MARKS.iter().find_map(|mark| {
        let at = line.find(mark)?;
        let (before, after) = (&line[..at], &line[at + mark.len()..]);
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        if before.ends_with(is_word) || after.starts_with(is_word) {
            return None;
        }
        let owner = after.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(owner, _)| owner);
        Some((*mark, owner))
    })
}

/// The last cells of the tables of the roadmap whose last column is called `owner`.
fn owners(roadmap: &SourceFile) -> Vec<&str> {
    let mut owners = Vec::new();
    let mut in_table = false;
    for line in roadmap.text.lines() {
        let last = line.trim_end().strip_suffix('|').and_then(|row| row.rsplit('|').next()).map(str::trim);
        match last {
            None => in_table = false,
            Some("owner") => in_table = true,
            Some(owner) if in_table && !owner.starts_with('-') => owners.push(owner),
            Some(_) => {}
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str =
        "| what | owner |\n|---|---|\n| SAML | founders |\n\n| a | b |\n|---|---|\n| c | nobody |\n";

    fn found(text: &str) -> usize {
        check(&Tree::of(&[("crates/a/src/lib.rs", text), (ROADMAP, ROWS)])).len()
    }

    #[test]
    fn only_an_owner_of_the_roadmap_may_have_one() {
        let mark = MARKS[0];
        assert_eq!(found(&format!("// {mark}(founders): later")), 0);
        assert_eq!(found(&format!("// {mark}: later")), 1);
        assert_eq!(found(&format!("// {mark}(nobody): later")), 1);
        assert_eq!(found(&format!("// {}: later", MARKS[1])), 1);
    }

    #[test]
    fn other_words_pass() {
        assert_eq!(found(&format!("const {}S: u8 = 1; let {}_LIST = 2;", MARKS[0], MARKS[0])), 0);
    }
}
