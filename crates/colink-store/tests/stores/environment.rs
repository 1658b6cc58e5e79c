//! Where the stores are, and names that no other test uses.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::SecretString;

static NAMES: AtomicU32 = AtomicU32::new(0);

/// The value of `name` from the environment or from `.colink/env`.
pub(crate) fn value(name: &str) -> String {
    let from_environment = environment(name);
    from_environment.or_else(|| from_file(name)).unwrap_or_else(|| {
        panic!("this test needs a store: {name} is neither in the environment nor in .colink/env; run `cargo xtask up`")
    })
}

pub(crate) fn secret(name: &str) -> SecretString {
    value(name).into()
}

/// A name for a database, a bucket or a prefix: lower case letters, digits and `-`.
pub(crate) fn unique(what: &str) -> String {
    format!("store-{what}-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed))
}

/// `COLINK_PG_URL` with another `host:port` and a database in its path.
pub(crate) fn postgres_url(address: &str, database: &str) -> String {
    let url = value("COLINK_PG_URL");
    let (before, _) = url.split_once(&authority(&url)).unwrap();
    format!("{before}{address}/{database}")
}

/// `host:port` of a URL.
pub(crate) fn authority(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    let rest = rest.split(['/', '?']).next().unwrap();
    rest.rsplit('@').next().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration but the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn from_file(name: &str) -> Option<String> {
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let text =
        places.map(|place| place.join(".colink/env")).find_map(|file| std::fs::read_to_string(file).ok())?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}
