//! Every setting that docker-compose.dev.yml gives exists in the configuration of whom it is given to, and every service is
//! told where its peers are.
//!
//! A service refuses to start on a key that it does not know, and a container finds no peer at a default's 127.0.0.1. Both
//! would be found only by the first person who starts the containers.

use super::Finding;
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "compose-keys";

const COMPOSE: &str = "docker-compose.dev.yml";

/// The sections that mean the same in every service, and the type of each. A service's config.toml need not name
/// all their keys.
const SHARED: &[(&str, &str, &str)] = &[
    ("server", "crates/colink-http/src/", "HttpConfig"),
    ("telemetry", "crates/colink-telemetry/src/", "TelemetryConfig"),
    ("auth", "crates/colink-auth/src/", "AuthConfig"),
    ("internal", "crates/colink-runtime/src/", "InternalConfig"),
    ("kafka", "crates/colink-bus/src/", "KafkaConfig"),
    ("postgres", "crates/colink-store/src/", "PostgresConfig"),
    ("redis", "crates/colink-store/src/", "RedisConfig"),
    ("mongo", "crates/colink-store/src/", "MongoConfig"),
    ("secrets", "crates/colink-secrets/src/", "SecretsConfig"),
    ("s3", "crates/colink-store/src/", "S3Config"),
];

/// A variable `COLINK__SECTION__KEY` (for the fleet) or `COLINK_<SERVICE>__SECTION__KEY`.
struct Setting {
    /// `None` for the fleet.
    service: Option<String>,
    section: String,
    key: String,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(compose) = tree.file(COMPOSE) else { return Vec::new() };
    let finding = |(number, line): (usize, &str)| {
        let (name, _) = line.trim_start().split_once(": ")?;
        let message = problem(tree, &setting(name)?)?;
        Some(Finding::new(NAME, COMPOSE, number, format!("{name}: {message}")))
    };
    compose.lines().filter_map(finding).chain(lost_peers(tree, compose)).collect()
}

/// Addresses of peers that a service keeps the default of.
fn lost_peers(tree: &Tree, compose: &SourceFile) -> Vec<Finding> {
    let given: Vec<&str> =
        compose.lines().filter_map(|(_, line)| Some(line.trim_start().split_once(": ")?.0)).collect();
    let services = tree.services();
    let peers = services.iter().filter_map(|service| {
        let config = tree.file(&format!("services/{service}/config.toml"))?;
        Some(
            section_of(config, "internal")
                .filter_map(|line| Some(line.split_once(" = ")?.0))
                .map(move |key| (service, key)),
        )
    });
    let mut findings = Vec::new();
    for (service, key) in peers.flatten().filter(|(_, key)| key.ends_with("_url")) {
        let name = format!("INTERNAL__{}", key.to_uppercase());
        let (fleet, own) = (format!("COLINK__{name}"), format!("COLINK_{}__{name}", service.to_uppercase()));
        if !given.iter().any(|given| *given == fleet || *given == own) {
            let message = format!("{service} calls a peer by `{key}` of [internal]: set {fleet}");
            findings.push(Finding::new(NAME, COMPOSE, 1, message));
        }
    }
    findings
}

/// What is wrong with a setting, if anything.
fn problem(tree: &Tree, setting: &Setting) -> Option<String> {
    let Setting { service, section, key } = setting;
    let shared = SHARED.iter().find(|(name, _, _)| name == section);
    if let Some((_, folder, name)) = shared.filter(|(_, folder, name)| !has_field(tree, folder, name, key)) {
        return Some(format!("{name} of {folder} has no `{key}`"));
    }
    let config = |service: &str| tree.file(&format!("services/{service}/config.toml"));
    let Some(service) = service else {
        let is_taken =
            tree.services().into_iter().filter_map(config).any(|config| has_section(config, section));
        return (!is_taken).then(|| format!("no service has the section [{section}]"));
    };
    match config(service) {
        None => Some(format!("services/{service}/config.toml is missing")),
        Some(config) if !has_section(config, section) => Some(format!("{} has no [{section}]", config.path)),
        Some(config) if shared.is_none() && !has_key(config, section, key) => {
            Some(format!("{} has no `{key}` in [{section}]", config.path))
        }
        Some(_) => None,
    }
}

/// Whether the struct `name` in `folder` has the field.
fn has_field(tree: &Tree, folder: &str, name: &str, field: &str) -> bool {
    let (start, field) = (format!("pub struct {name} {{"), format!("    pub {field}:"));
    tree.rust_under(folder).any(|file| {
        let body = file.text.split_once(&start).and_then(|(_, rest)| rest.split_once("\n}"));
        body.is_some_and(|(fields, _)| fields.lines().any(|line| line.starts_with(&field)))
    })
}

fn setting(name: &str) -> Option<Setting> {
    let (service, rest) = match name.strip_prefix("COLINK__") {
        Some(rest) => (None, rest),
        None => {
            let (service, rest) = name.strip_prefix("COLINK_")?.split_once("__")?;
            (Some(service.to_lowercase()), rest)
        }
    };
    let (section, key) = rest.split_once("__")?;
    Some(Setting { service, section: section.to_lowercase(), key: key.to_lowercase() })
}

fn has_section(config: &SourceFile, section: &str) -> bool {
    let heading = format!("[{section}]");
    config.text.lines().any(|line| line.trim() == heading)
}

/// Whether the section names the key; one without a default stands there as a comment.
fn has_key(config: &SourceFile, section: &str, key: &str) -> bool {
    section_of(config, section).map(|line| line.trim_start_matches(['#', ' '])).any(|line| {
        let named = line.strip_prefix(key).map(str::trim_start);
        named.is_some_and(|rest| rest.starts_with('='))
    })
}

/// The lines of a section.
fn section_of<'a>(config: &'a SourceFile, section: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("[{section}]");
    let lines = config.text.lines().map(str::trim).skip_while(move |line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTH: &str = "[server]\n[mail]\nsmtp_url = \"\"\n# reply_to = \"x\"\n[redis]\nurl = \"\"\n";
    const HTTP: &str = "/// Where.\npub struct HttpConfig {\n    pub bind: SocketAddr,\n}\npub struct B {\n    pub log: u8,\n}\n";

    fn found(compose: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/colink-http/src/config.rs", HTTP),
            ("services/auth/Cargo.toml", ""),
            ("services/auth/config.toml", AUTH),
            (COMPOSE, compose),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_that_exist_pass() {
        assert!(
            found("  COLINK__SERVER__BIND: a\n  COLINK_AUTH__SERVER__BIND: a\n  KAFKA_LISTENERS: a\n")
                .is_empty()
        );
        assert!(found("  COLINK_AUTH__MAIL__SMTP_URL: a\n  COLINK_AUTH__MAIL__REPLY_TO: a\n").is_empty());
    }

    #[test]
    fn a_peer_at_its_default_is_found() {
        const FILES: &str = "[internal]\nfiles_url = \"\"\nsecret = \"\"\n[mail]\nreply_url = \"\"\n";
        let found = |compose: &str| {
            let internal = "pub struct InternalConfig {\n    pub files_url: Url,\n}\n";
            let tree = Tree::of(&[
                ("crates/colink-runtime/src/config.rs", internal),
                ("services/auth/Cargo.toml", ""),
                ("services/auth/config.toml", FILES),
                (COMPOSE, compose),
            ]);
            check(&tree).len()
        };
        assert_eq!(found("x:\n"), 1);
        assert_eq!(found("  COLINK__INTERNAL__FILES_URL: a\n"), 0);
        assert_eq!(found("  COLINK_AUTH__INTERNAL__FILES_URL: a\n"), 0);
    }

    #[test]
    fn unknown_keys_sections_and_services_are_found() {
        for (setting, message) in [
            ("COLINK__SERVER__LOG", "HttpConfig of crates/colink-http/src/ has no `log`"),
            ("COLINK_AUTH__MAIL__URL", "services/auth/config.toml has no `url` in [mail]"),
            ("COLINK_AUTH__LIMITS__URL", "services/auth/config.toml has no [limits]"),
            ("COLINK__LIMITS__URL", "no service has the section [limits]"),
            ("COLINK_FILES__SERVER__BIND", "services/files/config.toml is missing"),
        ] {
            let expected = format!("docker-compose.dev.yml:2 compose-keys: {setting}: {message}");
            assert_eq!(found(&format!("environment:\n  {setting}: a\n")), [expected]);
        }
    }
}
