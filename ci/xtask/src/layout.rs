//! Where things live: the checkout, its `.colink/` state, and the cache that all checkouts share.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, OrFail, Outcome};

/// The folders of one checkout. Nothing is written outside `state` and `cache`, except that the Postgres cluster
/// moves to `/var/tmp` when its user may not enter the checkout.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// `.colink/` in the checkout: data, logs, pid files, settings. `cargo xtask reset` removes it.
    pub(crate) state: PathBuf,
    /// Downloads, shared by all checkouts of this user.
    pub(crate) cache: PathBuf,
}

impl Layout {
    /// Finds the checkout and makes its state folders.
    pub(crate) fn discover() -> Outcome<Self> {
        let root = find_root()?;
        let layout = Self { state: root.join(".colink"), cache: cache_dir()?, root };
        for dir in [layout.run_dir(), layout.log_dir(), layout.state.join("data"), layout.cache.clone()] {
            make_dir(&dir)?;
        }
        Ok(layout)
    }

    /// Pid files.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.state.join("run")
    }

    /// One log file per process.
    pub(crate) fn log_dir(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The log file of the process `name`.
    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.log_dir().join(format!("{name}.log"))
    }

    /// The data of the backing service `name`.
    pub(crate) fn data_dir(&self, name: &str) -> PathBuf {
        self.state.join("data").join(name)
    }

    /// `KEY=VALUE` lines that tests and tools read.
    pub(crate) fn env_file(&self) -> PathBuf {
        self.state.join("env")
    }
}

/// Makes a folder and its parents.
pub(crate) fn make_dir(dir: &Path) -> Outcome<()> {
    fs::create_dir_all(dir).or_fail(|| format!("make the folder {}", dir.display()))
}

/// Writes a file when its content differs, so that a second run touches nothing.
pub(crate) fn write_file(path: &Path, content: &str) -> Outcome<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    fs::write(path, content).or_fail(|| format!("write {}", path.display()))
}

/// A variable of the environment; unset and empty are the same.
#[expect(
    clippy::disallowed_methods,
    reason = "the developer command is steered by the shell, it has no configuration"
)]
pub(crate) fn environment(key: &str) -> Option<String> {
    std::env::var(key).ok().filter(|value| !value.is_empty())
}

/// `cargo run` tells where the manifest is; a binary started by hand looks upwards from where it stands.
fn find_root() -> Outcome<PathBuf> {
    let start = match environment("CARGO_MANIFEST_DIR") {
        Some(manifest) => PathBuf::from(manifest),
        None => std::env::current_dir().or_fail(|| "find the current folder".to_owned())?,
    };
    start
        .ancestors()
        .find(|dir| dir.join("ci/xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new("this is not a CoLink checkout: run the command inside one"))
}

fn cache_dir() -> Outcome<PathBuf> {
    if let Some(cache) = environment("XDG_CACHE_HOME") {
        return Ok(Path::new(&cache).join("colink"));
    }
    match environment("HOME") {
        Some(home) => Ok(Path::new(&home).join(".cache/colink")),
        None => Err(Failure::new("HOME is not set: set it, or set XDG_CACHE_HOME to a folder for downloads")),
    }
}
