//! `cargo xtask tidy`: the rules of this repository that neither rustfmt nor clippy can know.
//!
//! One rule is one file below `tidy/`, with a test that shows that it can fail. A rule is a pure function
//! from the [`Tree`] (every text file, read once) to findings, so that a test gives it file contents and no
//! disk. Every finding fails the command; nothing is a warning, because nobody reads warnings.

mod alerts;
mod attack_tests;
mod compose_keys;
mod crate_readme;
mod doc_links;
mod endpoints;
mod error_codes;
mod event_docs;
mod file_length;
mod forbidden_words;
mod golden_events;
mod layers;
mod manifests;
mod migrations;
mod mod_files;
mod names;
mod openapi_files;
mod request_bodies;
mod requirements;
mod rust_text;
mod schema_names;
mod served_paths;
mod service_files;
mod tls;
mod todo_owners;
mod tree;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use tree::Tree;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the repository, with `/`.
    path: String,
    /// From 1; 1 also for a file that is missing.
    line: usize,
    rule: &'static str,
    /// What is wrong and what to do instead.
    message: String,
}

impl Finding {
    fn new(rule: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}: {}", self.path, self.line, self.rule, self.message)
    }
}

type Check = fn(&Tree) -> Vec<Finding>;

const RULES: &[(&str, Check)] = &[
    (alerts::NAME, alerts::check),
    (attack_tests::NAME, attack_tests::check),
    (compose_keys::NAME, compose_keys::check),
    (crate_readme::NAME, crate_readme::check),
    (doc_links::NAME, doc_links::check),
    (endpoints::NAME, endpoints::check),
    (error_codes::NAME, error_codes::check),
    (event_docs::NAME, event_docs::check),
    (file_length::NAME, file_length::check),
    (forbidden_words::NAME, forbidden_words::check),
    (golden_events::NAME, golden_events::check),
    (layers::NAME, layers::check),
    (manifests::NAME, manifests::check),
    (migrations::NAME, migrations::check),
    (mod_files::NAME, mod_files::check),
    (names::NAME, names::check),
    (openapi_files::NAME, openapi_files::check),
    (request_bodies::NAME, request_bodies::check),
    (requirements::NAME, requirements::check),
    (schema_names::NAME, schema_names::check),
    (served_paths::NAME, served_paths::check),
    (service_files::NAME, service_files::check),
    (tls::NAME, tls::check),
    (todo_owners::NAME, todo_owners::check),
];

/// Why `tidy` failed.
#[derive(Debug)]
pub(crate) enum TidyError {
    /// The rules that are broken were printed.
    Findings(usize),
    /// The repository could not be read, or the report not written.
    Io(io::Error),
}

impl fmt::Display for TidyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Findings(count) => write!(f, "tidy: {count} findings"),
            Self::Io(error) => write!(f, "tidy: {error}"),
        }
    }
}

impl std::error::Error for TidyError {}

impl From<io::Error> for TidyError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Checks the repository at `root` and prints one line per finding, then the requirements that no test
/// cites, then a count.
///
/// # Errors
/// [`TidyError::Findings`] when a rule is broken.
pub(crate) fn run(root: &Path) -> Result<(), TidyError> {
    report(root, &mut io::stdout().lock())
}

fn report(root: &Path, out: &mut dyn Write) -> Result<(), TidyError> {
    let started = Instant::now();
    let tree = Tree::read(root)?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|(_, check)| check(&tree)).collect();
    findings.sort();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    for line in requirements::coverage(&tree) {
        writeln!(out, "{line}")?;
    }
    let (rules, files, count) = (RULES.len(), tree.files().len(), findings.len());
    writeln!(
        out,
        "tidy: {count} findings; {rules} rules, {files} files, {:.2} s",
        started.elapsed().as_secs_f64()
    )?;
    if findings.is_empty() { Ok(()) } else { Err(TidyError::Findings(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own below the system's temporary folder, removed at the end of the test.
    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("colink-tidy-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, path: &str, text: &str) {
            let file = self.0.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn names_of_rules_are_unique() {
        let mut names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn a_clean_folder_passes() {
        let scratch = Scratch::new("clean");
        scratch.write("notes.md", "nothing to see\n");
        let mut out = Vec::new();
        report(&scratch.0, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("tidy: 0 findings"));
    }

    #[test]
    fn a_finding_is_printed_with_path_line_and_rule_and_fails_the_run() {
        let scratch = Scratch::new("dirty");
        scratch.write("crates/a/src/mod.rs", "");
        scratch.write("target/debug/mod.rs", "");
        let mut out = Vec::new();
        let error = report(&scratch.0, &mut out).unwrap_err();
        assert!(matches!(error, TidyError::Findings(1)), "{error}");
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("crates/a/src/mod.rs:1 mod-files: "), "{text}");
    }
}
