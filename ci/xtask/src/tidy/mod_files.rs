//! No `mod.rs`: ten tabs of the same name help nobody. Clippy says so only for files that are compiled.

use super::Finding;
use super::tree::Tree;

pub(super) const NAME: &str = "mod-files";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let message = "name the file after its module, beside the module's folder";
    tree.files()
        .iter()
        .filter(|file| file.name() == "mod.rs")
        .map(|file| Finding::new(NAME, &file.path, 1, message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mod_file_is_found_in_tests_too() {
        let tree = Tree::of(&[("services/auth/tests/api/mod.rs", ""), ("services/auth/src/model.rs", "")]);
        assert_eq!(check(&tree).len(), 1);
    }
}
