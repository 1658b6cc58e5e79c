use std::path::PathBuf;

use colink_http::HttpConfig;
use colink_telemetry::TelemetryConfig;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ConfigError, Loaded, Sources, load};
use crate::service::{Problem, Sections};

const DEFAULTS: &str = r#"
[server]
bind = "127.0.0.1:8009"

[telemetry]

[vault]
url = "postgres://vault:s3cr3t@db/vault"
shelves = ["a", "b"]
size = 5
seal = false
combinations = ["12-34-56", "65-43-21"]

[redis]
url = "redis://127.0.0.1"
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    server: HttpConfig,
    telemetry: TelemetryConfig,
    vault: Vault,
    redis: Redis,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vault {
    url: String,
    shelves: Vec<String>,
    size: u32,
    seal: bool,
    key: SecretString,
    nick: Option<String>,
    depth: Option<u16>,
    #[serde(default)]
    #[expect(dead_code, reason = "they only have to stay hidden")]
    combinations: Vec<SecretString>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redis {
    url: SecretString,
}

impl Sections for Config {
    fn server(&self) -> &HttpConfig {
        &self.server
    }

    fn telemetry(&self) -> &TelemetryConfig {
        &self.telemetry
    }

    fn problems(&self) -> Vec<Problem> {
        let too_small = (self.vault.size == 0).then(|| Problem::new("vault.size", "needs at least 1"));
        too_small.into_iter().collect()
    }
}

fn sources(environment: &[(&str, &str)]) -> Sources {
    let mut environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.push(("COLINK_VAULT__VAULT__KEY".to_owned(), "0123456789".to_owned()));
    Sources { environment, ..Sources::default() }
}

fn loaded(environment: &[(&str, &str)]) -> Result<Loaded<Config>, ConfigError> {
    load::<Config>("vault", DEFAULTS, &sources(environment))
}

fn refusal(environment: &[(&str, &str)]) -> String {
    loaded(environment).unwrap_err().to_string()
}

#[test]
fn the_stronger_layer_wins_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vault.toml");
    std::fs::write(&file, "[vault]\nsize = 6\nseal = true\n[server]\nworkers = 3\n").unwrap();
    let mut sources = sources(&[
        ("COLINK__SERVER__WORKERS", "4"),
        ("COLINK__SERVER__BODY_LIMIT", "100"),
        ("COLINK_VAULT__SERVER__WORKERS", "5"),
    ]);
    sources.file = Some(file);
    let config = load::<Config>("vault", DEFAULTS, &sources).unwrap().into_config();
    assert_eq!((config.vault.size, config.vault.seal), (6, true), "the file above the defaults");
    assert_eq!(config.server.body_limit, 100, "the fleet above the file");
    assert_eq!(config.server.workers, 5, "the service above the fleet");
    assert_eq!(config.server.bind.port(), 8009, "the defaults where nobody says otherwise");
}

#[test]
fn text_from_the_environment_becomes_what_the_key_wants() {
    let config = loaded(&[
        ("COLINK_VAULT__VAULT__SEAL", "true"),
        ("COLINK_VAULT__VAULT__SHELVES", "x, y,z"),
        ("COLINK_VAULT__VAULT__NICK", "007"),
        ("COLINK_VAULT__VAULT__DEPTH", "12"),
    ])
    .unwrap()
    .into_config();
    assert!(config.vault.seal);
    assert_eq!(config.vault.shelves, ["x", "y", "z"]);
    assert_eq!(config.vault.nick.as_deref(), Some("007"), "a text of digits stays a text");
    assert_eq!(config.vault.depth, Some(12));
    assert_eq!(config.vault.key.expose_secret(), "0123456789");
    assert_eq!(config.redis.url.expose_secret(), "redis://127.0.0.1");
    assert_eq!(config.vault.url, "postgres://vault:s3cr3t@db/vault");
}

#[test]
fn a_bracketed_list_is_a_list_too() {
    let config = loaded(&[("COLINK_VAULT__VAULT__SHELVES", "[http://a:1, http://b]")]).unwrap().into_config();
    assert_eq!(config.vault.shelves, ["http://a:1", "http://b"]);
}

#[test]
fn a_shared_section_of_other_services_is_passed_over() {
    assert!(loaded(&[("COLINK__KAFKA__BROKERS", "b:9092"), ("COLINK_AUTH__MAIL__URL", "x")]).is_ok());
}

#[test]
fn a_fleet_wide_variable_for_an_unshared_section_is_refused() {
    let said = refusal(&[("COLINK__POSTGRESS__URL", "x")]);
    assert!(said.contains("COLINK__POSTGRESS__URL") && said.contains("[postgress]"), "{said}");
}

#[test]
fn a_variable_without_a_key_is_refused() {
    assert!(refusal(&[("COLINK_VAULT__SERVER", "x")]).contains("COLINK_VAULT__SERVER"));
    assert!(refusal(&[("COLINK__SERVER__", "x")]).contains("COLINK__SERVER__"));
}

#[test]
fn an_unknown_key_names_itself_its_layer_and_the_known_ones() {
    let said = refusal(&[("COLINK_VAULT__VAULT__SISE", "7")]);
    assert!(said.starts_with("`vault.sise` (environment variable COLINK_VAULT__VAULT__SISE)"), "{said}");
    assert!(said.contains("known here: url, shelves, size"), "{said}");
}

#[test]
fn an_unknown_section_in_a_file_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    std::fs::write(&file, "[vualt]\nsize = 6\n").unwrap();
    let sources = Sources { file: Some(file), ..sources(&[]) };
    let said = load::<Config>("vault", DEFAULTS, &sources).unwrap_err().to_string();
    assert!(said.contains("`vualt`") && said.contains("x.toml"), "{said}");
}

#[test]
fn a_missing_key_says_which_variable_sets_it() {
    let sources = Sources::default();
    let said = load::<Config>("vault", DEFAULTS, &sources).unwrap_err().to_string();
    assert!(said.contains("`vault.key`") && said.contains("Set COLINK_VAULT__VAULT__KEY"), "{said}");
}

#[test]
fn a_wrong_type_is_named_without_the_value() {
    let said = refusal(&[("COLINK__SERVER__WORKERS", "hunter2")]);
    assert!(said.starts_with("`server.workers` (environment variable COLINK__SERVER__WORKERS)"), "{said}");
    assert!(said.contains("found a text") && !said.contains("hunter2"), "{said}");
}

#[test]
fn what_types_cannot_say_is_checked_too() {
    let said = refusal(&[("COLINK_VAULT__VAULT__SIZE", "0")]);
    assert_eq!(
        said,
        "`vault.size` (environment variable COLINK_VAULT__VAULT__SIZE): needs at least 1. Correct the value"
    );
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_named() {
    let absent = Sources { file: Some(PathBuf::from("/nowhere/x.toml")), ..Sources::default() };
    let said = load::<Config>("vault", DEFAULTS, &absent).unwrap_err().to_string();
    assert!(said.contains("/nowhere/x.toml") && said.contains("--config"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    std::fs::write(&file, "[vault]\nsize = 1\nkey = \"hunter2\n").unwrap();
    let broken = Sources { file: Some(file), ..Sources::default() };
    let said = load::<Config>("vault", DEFAULTS, &broken).unwrap_err().to_string();
    assert!(said.contains("x.toml") && said.contains("line 3"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn the_effective_configuration_hides_secrets_and_names_layers() {
    let shown = loaded(&[("COLINK__SERVER__WORKERS", "4")]).unwrap().render();
    assert!(shown.contains("key = \"<set>\"  # environment variable COLINK_VAULT__VAULT__KEY"), "{shown}");
    assert!(shown.contains("workers = \"4\"  # environment variable COLINK__SERVER__WORKERS"), "{shown}");
    assert!(shown.contains("size = 5  # the built-in config.toml"), "{shown}");
    assert!(shown.contains("url = \"postgres://<set>@db/vault\""), "credentials in a plain URL: {shown}");
    assert!(shown.contains("shelves = [\"a\", \"b\"]"), "{shown}");
    assert!(shown.contains("url = \"<set>\""), "a secret by its type: {shown}");
    assert!(shown.contains("combinations = [\"<set>\", \"<set>\"]"), "{shown}");
    for secret in ["0123456789", "12-34", "s3cr3t", "redis://127"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
