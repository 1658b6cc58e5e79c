//! Crate arrows point down only, services know no service, and the test harness reaches only tests.
//!
//! Decision and reasons: docs/adr/0001-layered-crates.md.

use super::Finding;
use super::manifests::dependencies;
use super::tree::{Member, Tree};

pub(super) const NAME: &str = "layers";

/// The one table of layers: a crate may use only crates of a lower layer.
const LAYERS: &[(&str, u8)] = &[
    ("colink-core", 0),
    ("colink-events", 1),
    ("colink-telemetry", 1),
    ("colink-store", 1),
    ("colink-secrets", 1),
    ("colink-bus", 2),
    ("colink-jobs", 2),
    ("colink-http", 2),
    ("colink-auth", 3),
    ("colink-runtime", 4),
];
/// Services, and the tools that call them.
const TOP: u8 = 5;
/// Starts whole services, so it stands beside them; production code never sees it.
const HARNESS: &str = "colink-test";
/// Compiles in seconds on a bare machine, so it uses nothing of ours.
const TOOL: &str = "xtask";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let members = tree.members();
    let mut findings = Vec::new();
    for member in &members {
        let path = &member.manifest.path;
        if layer(member).is_none() {
            let message =
                format!("`{}` is not in the table of layers (ci/xtask/src/tidy/layers.rs)", member.name);
            findings.push(Finding::new(NAME, path, 1, message));
        }
        let table = member.table.iter();
        for dependency in table.flat_map(dependencies) {
            let Some(target) = members.iter().find(|member| member.name == dependency.name) else { continue };
            if let Some(reason) = refusal(member, target, dependency.dev) {
                let message = format!("`{}` may not use `{}`: {reason}", member.name, target.name);
                let line = member.manifest.line_of(&format!("{}.", target.name));
                findings.push(Finding::new(NAME, path, line, message));
            }
        }
    }
    findings
}

fn layer(member: &Member<'_>) -> Option<u8> {
    if member.dir.starts_with("crates/") && member.name != HARNESS {
        return LAYERS.iter().find(|(name, _)| *name == member.name).map(|(_, layer)| *layer);
    }
    Some(TOP)
}

fn refusal(from: &Member<'_>, to: &Member<'_>, dev: bool) -> Option<&'static str> {
    if from.name == TOOL {
        return Some("the developer command compiles without the workspace");
    }
    if !to.dir.starts_with("crates/") {
        return Some("services talk through events and HTTP, and nothing links a service or a tool");
    }
    if to.name == HARNESS {
        return (!dev).then_some("the harness is for [dev-dependencies]");
    }
    // Tests may look up: the arrow is about what is shipped.
    (!dev && layer(from) <= layer(to)).then_some("arrows point to lower layers only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, section: &str, dependency: &str) -> String {
        format!("[package]\nname = \"{name}\"\n[{section}]\n{dependency}.workspace = true\n")
    }

    /// How many findings `from` gets when it names `to` in `section`.
    fn findings(from: (&str, &str), section: &str, to: (&str, &str)) -> usize {
        let (from_path, to_path) = (format!("{}/Cargo.toml", from.0), format!("{}/Cargo.toml", to.0));
        let tree = Tree::of(&[
            (&from_path, &manifest(from.1, section, to.1)),
            (&to_path, &format!("[package]\nname = \"{}\"\n", to.1)),
        ]);
        check(&tree).len()
    }

    const CORE: (&str, &str) = ("crates/colink-core", "colink-core");
    const HTTP: (&str, &str) = ("crates/colink-http", "colink-http");
    const BUS: (&str, &str) = ("crates/colink-bus", "colink-bus");
    const TEST: (&str, &str) = ("crates/colink-test", "colink-test");
    const AUTH: (&str, &str) = ("services/auth", "auth");
    const SEARCH: (&str, &str) = ("services/search", "search");

    #[test]
    fn arrows_point_down() {
        assert_eq!(findings(HTTP, "dependencies", CORE), 0);
        assert_eq!(findings(CORE, "dependencies", HTTP), 1);
        assert_eq!(findings(HTTP, "dependencies", BUS), 1, "same layer");
        assert_eq!(findings(AUTH, "dependencies", BUS), 0);
        assert_eq!(findings(BUS, "build-dependencies", HTTP), 1);
    }

    #[test]
    fn no_service_uses_a_service_not_even_in_tests() {
        assert_eq!(findings(SEARCH, "dependencies", AUTH), 1);
        assert_eq!(findings(SEARCH, "dev-dependencies", AUTH), 1);
        assert_eq!(findings(TEST, "dependencies", AUTH), 1);
    }

    #[test]
    fn the_harness_is_for_tests() {
        assert_eq!(findings(AUTH, "dependencies", TEST), 1);
        assert_eq!(findings(AUTH, "dev-dependencies", TEST), 0);
        assert_eq!(findings(TEST, "dependencies", BUS), 0);
    }

    #[test]
    fn an_unknown_crate_and_a_heavy_tool_are_found() {
        assert_eq!(findings(("crates/colink-misc", "colink-misc"), "dependencies", CORE), 1 + 1);
        assert_eq!(findings(("ci/xtask", "xtask"), "dependencies", CORE), 1);
    }
}
