//! Every crate says in a README what it is for. What a service's README must hold is the rule `service-files`.

use super::Finding;
use super::tree::Tree;

pub(super) const NAME: &str = "crate-readme";

/// Fewer characters than this say nothing that the name does not.
const MIN_CHARS: usize = 80;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.members()
        .iter()
        .filter(|member| !member.dir.starts_with("services/"))
        .filter_map(|member| {
            let path = format!("{}/README.md", member.dir);
            let message = match tree.file(&path) {
                None => "missing: say what the crate is for and how to use it",
                Some(file) if file.text.trim().len() < MIN_CHARS => "says nothing yet",
                Some(_) => return None,
            };
            Some(Finding::new(NAME, &path, 1, message))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_and_an_empty_readme_are_found() {
        let long = "# c\n".to_owned() + &"It does one thing well. ".repeat(5);
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/b/Cargo.toml", ""),
            ("crates/b/README.md", "# b\n"),
            ("services/s/Cargo.toml", ""),
            ("crates/c/Cargo.toml", ""),
            ("crates/c/README.md", &long),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/README.md", "crates/b/README.md"]);
    }
}
