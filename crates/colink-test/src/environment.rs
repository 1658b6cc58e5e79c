//! Where the backing services are.
//!
//! `cargo xtask up` and `cargo xtask test` write `.colink/env`, one `KEY=VALUE` a line. A variable of the process
//! wins over the file; the file is looked for from the crate's folder upwards.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The addresses of the backing services, all real.
#[derive(Clone, Debug)]
pub struct Environment {
    values: HashMap<String, String>,
    root: PathBuf,
}

impl Environment {
    /// The environment of this process, read once.
    ///
    /// # Panics
    /// When there is none: the sentence says which command makes it.
    #[must_use]
    pub fn get() -> &'static Self {
        static ENVIRONMENT: OnceLock<Environment> = OnceLock::new();
        ENVIRONMENT.get_or_init(Self::discover)
    }

    fn discover() -> Self {
        let start = start_folder();
        let file = start.ancestors().map(|folder| folder.join(".colink/env")).find(|path| path.is_file());
        let mut values = HashMap::new();
        if let Some(path) = &file {
            values.extend(read(path));
        }
        values.extend(std::env::vars().filter(|(name, _)| name.starts_with("COLINK_") || name == "CI"));
        let root = file.as_deref().and_then(Path::parent).and_then(Path::parent);
        let root = root.map_or_else(|| workspace_of(&start), Path::to_owned);
        Self { values, root }
    }

    /// The value of a variable such as `COLINK_PG_URL`.
    ///
    /// # Panics
    /// When it is set nowhere.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.find(name).unwrap_or_else(|| {
            panic!(
                "{name} is not set and {}/.colink/env does not name it: the tests need the backing services, \
                 so run `cargo xtask test` (or `cargo xtask up` in another terminal, then `cargo test`)",
                self.root.display()
            )
        })
    }

    /// The value of a variable, `None` when it is set nowhere.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Says that a test is passed over for want of `what`, which `cargo xtask test` provides.
    ///
    /// # Panics
    /// Where `CI` is set, since there everything must have been tried; unless the variable `excuse` is set too, by which
    /// `cargo xtask test` says that it is not to be had on this machine.
    #[expect(clippy::print_stderr, reason = "a test that is passed over says so")]
    pub fn pass_over(&self, what: &str, excuse: &str) {
        let must = self.find("CI").is_some_and(|value| value != "false");
        assert!(!must || self.find(excuse).is_some(), "{what}: in CI this test must not be passed over");
        eprintln!("passed over: {what}");
    }

    /// The folder of the workspace: where `.colink` is, or would be.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The Postgres server, without a database name, no slash at the end.
    #[must_use]
    pub fn postgres(&self) -> &str {
        self.value("COLINK_PG_URL").trim_end_matches('/')
    }

    /// The Redis server.
    #[must_use]
    pub fn redis(&self) -> &str {
        self.value("COLINK_REDIS_URL")
    }

    /// The Kafka bootstrap servers.
    #[must_use]
    pub fn kafka(&self) -> &str {
        self.value("COLINK_KAFKA_BROKERS")
    }

    /// The MongoDB server.
    #[must_use]
    pub fn mongo(&self) -> &str {
        self.value("COLINK_MONGO_URL")
    }
}

/// Cargo sets the manifest's folder for `cargo test`; a test binary started by hand has its working directory.
#[expect(clippy::disallowed_methods, reason = "a test harness has no configuration but its environment")]
fn start_folder() -> PathBuf {
    std::env::var("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|_| std::env::current_dir())
        .expect("a working directory")
}

fn workspace_of(start: &Path) -> PathBuf {
    let lock = start.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    lock.unwrap_or(start).to_owned()
}

fn read(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
        .collect()
}
