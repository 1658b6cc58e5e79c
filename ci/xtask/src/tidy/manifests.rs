//! Every member takes versions, lints and package data from the workspace, so that each stands once.

use super::Finding;
use super::tree::{Member, Tree};

pub(super) const NAME: &str = "manifests";

const PACKAGE: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// One dependency of a member.
pub(super) struct Dependency<'t> {
    pub(super) name: &'t str,
    /// Only tests see it.
    pub(super) dev: bool,
    value: &'t toml::Value,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.members().iter().flat_map(findings).collect()
}

fn findings(member: &Member<'_>) -> Vec<Finding> {
    let file = member.manifest;
    let Some(table) = &member.table else {
        return vec![Finding::new(NAME, &file.path, 1, "not TOML")];
    };
    let mut findings = Vec::new();
    if !inherits(table.get("lints")) {
        findings.push(Finding::new(NAME, &file.path, 1, "needs `[lints] workspace = true`"));
    }
    let package = table.get("package");
    for key in PACKAGE.iter().filter(|key| !inherits(package.and_then(|package| package.get(**key)))) {
        let message = format!("needs `{key}.workspace = true`");
        findings.push(Finding::new(NAME, &file.path, file.line_of("[package]"), message));
    }
    for dependency in dependencies(table).iter().filter(|dependency| !inherits(Some(dependency.value))) {
        let name = dependency.name;
        let line = file.lines().find(|(_, line)| line.trim_start().starts_with(name)).map_or(1, |(n, _)| n);
        let message =
            format!("`{name}`: put the version in the root manifest and write `{name}.workspace = true`");
        findings.push(Finding::new(NAME, &file.path, line, message));
    }
    findings
}

fn inherits(value: Option<&toml::Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
}

/// The dependencies of a manifest, those of single platforms included.
pub(super) fn dependencies(manifest: &toml::Table) -> Vec<Dependency<'_>> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    std::iter::once(manifest).chain(platforms).flat_map(sections).collect()
}

fn sections(table: &toml::Table) -> impl Iterator<Item = Dependency<'_>> {
    let section = |key: &'static str| table.get(key).and_then(toml::Value::as_table).map(|t| (key, t));
    SECTIONS.iter().filter_map(move |key| section(key)).flat_map(|(key, entries)| {
        let dev = key == "dev-dependencies";
        entries.iter().map(move |(name, value)| Dependency { name, dev, value })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
        [lints]\nworkspace = true\n[dependencies]\nserde.workspace = true\n";

    fn lines(manifest: &str) -> Vec<usize> {
        let tree = Tree::of(&[("crates/a/Cargo.toml", manifest)]);
        check(&tree).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_member_that_inherits_passes() {
        assert!(lines(GOOD).is_empty());
    }

    #[test]
    fn versions_of_its_own_are_found_in_every_section() {
        assert_eq!(lines(&format!("{GOOD}tokio = \"1\"\n")), [12]);
        assert_eq!(lines(&format!("{GOOD}[dev-dependencies]\ntokio = {{ version = \"1\" }}\n")), [13]);
        assert_eq!(lines(&format!("{GOOD}[target.'cfg(unix)'.dependencies]\nlibc = \"1\"\n")), [13]);
    }

    #[test]
    fn lints_and_package_data_are_asked_for() {
        assert_eq!(lines(&GOOD.replace("[lints]\nworkspace = true\n", "")).len(), 1);
        assert_eq!(lines(&GOOD.replace("edition.workspace = true", "edition = \"2024\"")).len(), 1);
        assert_eq!(lines("[package").len(), 1);
    }
}
