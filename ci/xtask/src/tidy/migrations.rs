//! Migrations are `YYYYMMDDHHMMSS_what.sql`, forward only, and no two of a service share a version.

use std::collections::HashMap;

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "migrations";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
    for (service, file) in tree.under("services/").filter_map(migration) {
        let Some(version) = version(file.name()) else {
            let message = "name it YYYYMMDDHHMMSS_what.sql, in lower case";
            findings.push(Finding::new(NAME, &file.path, 1, message));
            continue;
        };
        if let Some(other) = seen.insert((service, version), &file.path) {
            findings.push(Finding::new(NAME, &file.path, 1, format!("has the version of {other}")));
        }
    }
    findings
}

/// The service and file of a path `services/<service>/migrations/…`.
fn migration(file: &SourceFile) -> Option<(&str, &SourceFile)> {
    let (service, rest) = file.path.strip_prefix("services/")?.split_once('/')?;
    rest.starts_with("migrations/").then_some((service, file))
}

/// The version of a well-formed name.
fn version(name: &str) -> Option<&str> {
    let (version, what) = name.strip_suffix(".sql")?.split_once('_')?;
    let digits = version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit());
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    // `.down.sql` has a dot, so it is refused here: there is no way back but forward.
    (digits && is_time(version) && !what.is_empty() && what.bytes().all(lower)).then_some(version)
}

fn is_time(version: &str) -> bool {
    let part = |from: usize, to: usize| version[from..to].parse::<u16>().unwrap_or(u16::MAX);
    (1..=12).contains(&part(4, 6))
        && (1..=31).contains(&part(6, 8))
        && part(8, 10) < 24
        && part(10, 12) < 60
        && part(12, 14) < 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(version("20260131235959_create_users.sql").is_some());
        for bad in [
            "1_users.sql",
            "20261331000000_users.sql",
            "20260131250000_users.sql",
            "20260131000000_Users.sql",
            "20260131000000_users.down.sql",
            "20260131000000.sql",
            "20260131000000_users.txt",
        ] {
            assert!(version(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_bad_name_and_a_shared_version_are_found() {
        let tree = Tree::of(&[
            ("services/a/migrations/20260101000000_one.sql", ""),
            ("services/a/migrations/20260101000000_two.sql", ""),
            ("services/b/migrations/20260101000000_one.sql", ""),
            ("services/b/migrations/init.sql", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["services/a/migrations/20260101000000_two.sql", "services/b/migrations/init.sql"]);
    }
}
