//! Why a configuration was refused, in one sentence with a remedy.

use std::io;
use std::path::PathBuf;

use figment::error::{Actual, Kind};
use figment::{Figment, Metadata, Profile};

use super::environment::service_prefix;
use crate::service::Problem;

/// A configuration that was refused. `Display` is the sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file of `--config` could not be read.
    #[error("cannot read the configuration file {}: {source}. Correct the path given by --config", path.display())]
    File {
        /// The file as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A layer is not TOML.
    #[error("{layer} is not valid TOML, line {line}: {problem}")]
    Syntax {
        /// The layer.
        layer: String,
        /// The line, from 1.
        line: usize,
        /// What the parser said, without the text of the line.
        problem: String,
    },
    /// A variable with our prefix that names no section and key.
    #[error(
        "the environment variable {variable} names no key: write COLINK_<SERVICE>__SECTION__KEY, or unset it"
    )]
    Variable {
        /// Its name.
        variable: String,
    },
    /// A fleet-wide variable for a section that only one service may have.
    #[error("the environment variable {variable} names the section [{section}], which is not a shared one ({}): \
             write COLINK_<SERVICE>__ for a section of one service, or correct the name", super::SHARED_SECTIONS.join(", "))]
    FleetSection {
        /// Its name.
        variable: String,
        /// The section it names.
        section: String,
    },
    /// One key is unknown, missing or mistyped.
    #[error("{0}")]
    Key(Box<KeyError>),
}

/// What is wrong with one key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` ({layer}): {problem}. {remedy}")]
pub struct KeyError {
    /// The key as a dotted path.
    pub key: String,
    /// The layer that brought it.
    pub layer: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl ConfigError {
    pub(super) fn syntax(layer: &str, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Self::Syntax { layer: layer.to_owned(), line, problem: error.message().to_owned() }
    }

    pub(super) fn of_key(service: &str, error: figment::Error) -> Self {
        let mut path = error.path.clone();
        let layer = place(error.metadata.as_ref(), &path);
        let (layer, problem, remedy) = match &error.kind {
            Kind::MissingField(field) => {
                path.push(field.to_string());
                missing(service, &path)
            }
            Kind::UnknownField(_, known) => (layer, "is not a known key".to_owned(), correct_name(known)),
            other => (layer, mistake(other), "Correct the value".to_owned()),
        };
        Self::Key(Box::new(KeyError { key: path.join("."), layer, problem, remedy }))
    }

    pub(super) fn of_problem(figment: &Figment, problem: Problem) -> Self {
        let path: Vec<String> = problem.key.split('.').map(str::to_owned).collect();
        let layer = place(figment.find_metadata(problem.key), &path);
        Self::Key(Box::new(KeyError {
            key: problem.key.to_owned(),
            layer,
            problem: problem.problem,
            remedy: "Correct the value".to_owned(),
        }))
    }
}

/// The layer in words: the variable itself when it came from the environment.
pub(super) fn place(metadata: Option<&Metadata>, path: &[String]) -> String {
    match metadata {
        Some(metadata) if metadata.name == "environment" => {
            format!("environment variable {}", metadata.interpolate(&Profile::Default, path))
        }
        Some(metadata) => metadata.name.to_string(),
        None => "no layer".to_owned(),
    }
}

fn missing(service: &str, path: &[String]) -> (String, String, String) {
    let variable = format!("{}{}", service_prefix(service), path.join("__").to_ascii_uppercase());
    let remedy = format!("Set {variable}, or the key in the file given by --config");
    ("no layer".to_owned(), "is required and has no default".to_owned(), remedy)
}

fn correct_name(known: &[&str]) -> String {
    match known {
        [] => "Remove it".to_owned(),
        known => format!("Correct its name or remove it; known here: {}", known.join(", ")),
    }
}

fn mistake(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            format!("needs {wanted}, found {}", nature(found))
        }
        Kind::InvalidLength(found, wanted) => format!("needs {wanted}, found {found} entries"),
        Kind::UnknownVariant(_, known) => format!("needs one of {}", known.join(", ")),
        other => other.to_string(),
    }
}

/// The kind of a value, never its text.
fn nature(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Str(_) | Actual::Char(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
