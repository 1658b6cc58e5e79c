//! Every service has the same files, so that who knows one knows all.

use super::Finding;
use super::rust_text::without_comments;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "service-files";

const FILES: &[&str] = &[
    "README.md",
    "config.toml",
    "src/main.rs",
    "src/lib.rs",
    "src/app.rs",
    "src/config.rs",
    "src/state.rs",
    "src/error.rs",
    "src/metrics.rs",
    "src/routes.rs",
    "tests/api/main.rs",
];
const HEADINGS: &[&str] = &["Owns", "Serves", "Produces", "Consumes", "Stores", "Config", "Runbook"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.services().into_iter().flat_map(|service| findings(tree, service)).collect()
}

fn findings(tree: &Tree, service: &str) -> Vec<Finding> {
    let at = |name: &str| format!("services/{service}/{name}");
    let missing = FILES.iter().map(|name| at(name)).filter(|path| tree.file(path).is_none());
    let mut findings: Vec<Finding> =
        missing.map(|path| Finding::new(NAME, &path, 1, "missing: every service has it")).collect();
    if let Some(readme) = tree.file(&at("README.md")) {
        findings.extend(missing_headings(readme));
    }
    if let Some(main) = tree.file(&at("src/main.rs")).filter(|main| !is_one_statement(&main.text)) {
        let message = "is more than one statement: the fallible part belongs to colink-runtime";
        findings.push(Finding::new(NAME, &main.path, main.line_of("fn main"), message));
    }
    let has_postgres =
        tree.file(&at("config.toml")).is_some_and(|file| file.text.lines().any(|line| line == "[postgres]"));
    if has_postgres && tree.under(&at("migrations/")).next().is_none() {
        let message = "missing: config.toml has [postgres], so the schema is here";
        findings.push(Finding::new(NAME, &at("migrations"), 1, message));
    }
    findings
}

fn missing_headings(readme: &SourceFile) -> impl Iterator<Item = Finding> {
    let is_heading =
        |line: &str, word: &str| line.starts_with('#') && line.trim_start_matches('#').trim() == word;
    HEADINGS
        .iter()
        .filter(move |word| !readme.text.lines().any(|line| is_heading(line, word)))
        .map(|word| Finding::new(NAME, &readme.path, 1, format!("needs the heading `{word}`")))
}

/// Whether the file is one `fn main` whose body is one statement; imports may stand above it.
fn is_one_statement(text: &str) -> bool {
    let code = without_comments(text);
    let body = code.split_once("fn main").and_then(|(_, rest)| {
        let (_, inside) = rest.split_once('{')?;
        inside.trim_end().strip_suffix('}')
    });
    body.is_some_and(|body| {
        let body = body.trim();
        let statements = body.split(';').filter(|statement| !statement.trim().is_empty()).count();
        statements == 1 && !body.contains('{') && code.matches("fn ").count() == 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str =
        "# s\n## Owns\n## Serves\n## Produces\n## Consumes\n## Stores\n## Config\n## Runbook\n";
    const MAIN: &str =
        "//! s\nfn main() -> std::process::ExitCode {\n    colink_runtime::main::<s::S>()\n}\n";

    fn messages(change: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
        let mut files: Vec<(String, String)> = vec![("services/s/Cargo.toml".into(), String::new())];
        for name in FILES {
            let text = match *name {
                "README.md" => README,
                "src/main.rs" => MAIN,
                "config.toml" => "# defaults\n[postgres]\n",
                _ => "",
            };
            files.extend(change(name, text).map(|text| (format!("services/s/{name}"), text)));
        }
        files.extend(change("migrations/1.sql", "").map(|text| ("services/s/migrations/1.sql".into(), text)));
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_complete_service_passes() {
        assert_eq!(messages(|_, text| Some(text.into())), Vec::<String>::new());
    }

    #[test]
    fn each_missing_file_is_found() {
        for missing in FILES.iter().filter(|name| **name != "config.toml") {
            let found = messages(|name, text| (name != *missing).then(|| text.into()));
            assert_eq!(found.len(), 1, "{missing}: {found:?}");
        }
    }

    #[test]
    fn postgres_without_migrations_is_found() {
        let found = messages(|name, text| (!name.starts_with("migrations")).then(|| text.into()));
        assert!(found[0].starts_with("services/s/migrations:1"), "{found:?}");
    }

    #[test]
    fn a_missing_heading_is_found() {
        let found = messages(|_, text| Some(text.replace("## Runbook\n", "The Runbook\n")));
        assert!(found[0].contains("`Runbook`"), "{found:?}");
    }

    #[test]
    fn a_main_with_more_than_one_statement_is_found() {
        assert!(is_one_statement("use s::S;\nfn main() { colink_runtime::main::<S>(); }"));
        assert!(!is_one_statement("fn main() { init(); run(); }"));
        assert!(!is_one_statement("fn main() { if a { b() } }"));
        assert!(!is_one_statement("fn main() { a() }\nfn a() {}"));
        assert!(!is_one_statement("fn main() {}"));
    }
}
