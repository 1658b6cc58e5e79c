//! Configuration in layers, each overriding the one before:
//!
//! 1. the service's `config.toml`, embedded in the binary: every key documented, every section it has;
//! 2. the file named by `--config`;
//! 3. `COLINK__SECTION__KEY`: set once for the fleet, applied by the services that have the section;
//! 4. `COLINK_<SERVICE>__SECTION__KEY`: for one service.
//!
//! An unknown key, a wrong type or a missing value stops the process with one sentence that names the key,
//! the layer that brought it and what to do. The text of a value is never repeated: it may be a secret.

mod effective;
mod environment;
mod error;
mod words;

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;

pub use self::error::{ConfigError, KeyError};
pub use self::words::words;
use crate::service::Sections;

/// The sections that mean the same in every service; a fleet-wide variable may name no others.
pub const SHARED_SECTIONS: &[&str] =
    &["server", "telemetry", "auth", "internal", "secrets", "postgres", "redis", "kafka", "mongo", "s3"];

/// What lies above the embedded defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file given by `--config`.
    pub file: Option<PathBuf>,
    /// Environment variables as name and value; those that do not begin with `COLINK_` are ignored.
    pub environment: Vec<(String, String)>,
    /// The strongest layer, TOML text: what a test harness sets.
    pub overrides: Option<String>,
}

impl Sources {
    /// The sources of a running process: its environment and the given file.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("COLINK_"))
            .collect();
        Self { file, environment, overrides: None }
    }
}

/// A configuration that was read and found valid, with the memory of where each value came from.
#[derive(Debug)]
pub struct Loaded<C> {
    /// The typed configuration.
    pub config: C,
    service: String,
    figment: Figment,
}

impl<C> Loaded<C> {
    /// Takes the typed configuration.
    #[must_use]
    pub fn into_config(self) -> C {
        self.config
    }
}

impl<C: DeserializeOwned + Debug> Loaded<C> {
    /// The effective configuration as TOML, each key with the layer it came from, secrets as `"<set>"`.
    #[must_use]
    pub fn render(&self) -> String {
        effective::render::<C>(&self.service, &self.figment)
    }
}

/// Merges the layers of `service` and reads `C` from them.
///
/// # Errors
/// [`ConfigError`], a sentence for the operator: an unreadable file, bad TOML, an unknown section or key, a
/// missing or mistyped value, or what [`Sections::problems`] found.
pub fn load<C>(service: &str, defaults: &str, sources: &Sources) -> Result<Loaded<C>, ConfigError>
where
    C: DeserializeOwned + Sections,
{
    let defaults = parse("the built-in config.toml", defaults)?;
    let mut figment = Figment::from(Layer::text("the built-in config.toml", defaults.clone()));
    if let Some(path) = &sources.file {
        figment = figment.merge(read_file(path)?);
    }
    for layer in environment::layers(service, &defaults, &sources.environment)? {
        figment = figment.merge(layer);
    }
    if let Some(text) = &sources.overrides {
        figment = figment.merge(Layer::text("the test harness", parse("the test harness", text)?));
    }
    // Lossy only in that a text from the environment may stand for a number or a boolean.
    let config = figment.extract_lossy::<C>().map_err(|error| ConfigError::of_key(service, error))?;
    match config.problems().into_iter().next() {
        Some(problem) => Err(ConfigError::of_problem(&figment, problem)),
        None => Ok(Loaded { config, service: service.to_owned(), figment }),
    }
}

fn read_file(path: &Path) -> Result<Layer, ConfigError> {
    let name = format!("the file {}", path.display());
    let text =
        fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
    let values = parse(&name, &text)?;
    Ok(Layer::text(name, values))
}

fn parse(layer: &str, text: &str) -> Result<Dict, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::syntax(layer, text, &error))
}

/// One named layer of values.
struct Layer {
    metadata: Metadata,
    values: Dict,
}

impl Layer {
    fn text(name: impl Into<std::borrow::Cow<'static, str>>, values: Dict) -> Self {
        Self { metadata: Metadata::named(name), values }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

#[cfg(test)]
mod tests;
