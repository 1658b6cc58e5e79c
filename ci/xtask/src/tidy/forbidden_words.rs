//! Words that belong to one machine or one mirror and not to the repository.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "forbidden-words";

/// Word and reason. The words are written apart, so that this file does not find itself.
const WORDS: &[(&str, &str)] = &[
    (concat!("..", "/shared"), "the repository stands alone"),
    (concat!("/work", "/shared"), "the repository stands alone"),
    (concat!("registry.", "npmjs.org"), REGISTRY),
    (concat!("registry.", "yarnpkg.com"), REGISTRY),
    (concat!("repo1.", "maven.org"), REGISTRY),
    (concat!("repo.maven.", "apache.org"), REGISTRY),
    (concat!("static.", "crates.io"), REGISTRY),
    (concat!("index.", "crates.io"), REGISTRY),
    (concat!("proxy.", "golang.org"), REGISTRY),
    (concat!("files.", "pythonhosted.org"), REGISTRY),
    (concat!("deb.", "debian.org"), REGISTRY),
    (concat!("archive.", "ubuntu.com"), REGISTRY),
    (concat!("arti", "factory"), REGISTRY),
];
const REGISTRY: &str = "which registry or mirror is used is the machine's configuration";

/// Lock files name where a package came from: only the default place, never a mirror.
const LOCKS: &[(&str, &str, &str)] = &[
    ("Cargo.lock", "source = ", "registry+https://github.com/rust-lang/crates.io-index"),
    ("package-lock.json", "\"resolved\": ", concat!("https://registry.", "npmjs.org/")),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().iter().flat_map(findings).collect()
}

fn findings(file: &SourceFile) -> Vec<Finding> {
    if let Some((_, key, home)) = LOCKS.iter().find(|(name, _, _)| *name == file.name()) {
        let foreign = |line: &str| {
            let value = line.trim_start().strip_prefix(key);
            value.is_some_and(|value| !value.trim_start_matches('"').starts_with(home))
        };
        let lines = file.lines().filter(|(_, line)| foreign(line));
        return lines.map(|(number, _)| Finding::new(NAME, &file.path, number, REGISTRY)).collect();
    }
    let mut findings = Vec::new();
    for (word, reason) in WORDS.iter().filter(|(word, _)| file.text.contains(word)) {
        for (number, _) in file.lines().filter(|(_, line)| line.contains(word)) {
            findings.push(Finding::new(NAME, &file.path, number, format!("`{word}`: {reason}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn each_word_is_found_in_any_file() {
        for (word, _) in WORDS {
            assert_eq!(found("docs/a.md", &format!("one\nsee {word}/x\n")), [2], "{word}");
        }
        assert!(found("docs/a.md", "a shared crate on crates.io").is_empty());
    }

    #[test]
    fn a_lock_file_names_only_the_default_registry() {
        let cargo = |home: &str| format!("[[package]]\nsource = \"{home}\"\n");
        assert!(found("Cargo.lock", &cargo(LOCKS[0].2)).is_empty());
        assert_eq!(found("Cargo.lock", &cargo("registry+https://mirror.example/index")), [2]);
        assert_eq!(
            found("frontend/package-lock.json", "\"resolved\": \"https://mirror.example/a.tgz\""),
            [1]
        );
    }
}
