//! The two layers that come from environment variables.
//!
//! A value is text until the configuration asks for a number or a boolean, so a password of digits stays the
//! text it is. Where the defaults hold a list, the value is `[a, b]` or `a,b`.

use figment::Metadata;
use figment::value::{Dict, Value};

use super::{ConfigError, Layer, SHARED_SECTIONS};

const FLEET_PREFIX: &str = "COLINK__";

/// The layers of `variables` that concern `service`, weakest first.
pub(super) fn layers(
    service: &str,
    defaults: &Dict,
    variables: &[(String, String)],
) -> Result<Vec<Layer>, ConfigError> {
    let own_prefix = service_prefix(service);
    let mut fleet = Dict::new();
    let mut own = Dict::new();
    for (name, text) in variables {
        if let Some(rest) = name.strip_prefix(FLEET_PREFIX) {
            let keys = key_path(name, rest)?;
            if is_for_this_service(name, &keys, defaults)? {
                put(&mut fleet, &keys, value_of(text, lookup(defaults, &keys)));
            }
        } else if let Some(rest) = name.strip_prefix(&own_prefix) {
            let keys = key_path(name, rest)?;
            put(&mut own, &keys, value_of(text, lookup(defaults, &keys)));
        }
    }
    Ok(vec![layer(FLEET_PREFIX.to_owned(), fleet), layer(own_prefix, own)])
}

/// `COLINK_<SERVICE>__`.
pub(super) fn service_prefix(service: &str) -> String {
    format!("COLINK_{}__", service.to_ascii_uppercase().replace('-', "_"))
}

fn layer(prefix: String, values: Dict) -> Layer {
    let metadata = Metadata::named("environment")
        .interpolater(move |_, keys| format!("{prefix}{}", keys.join("__").to_ascii_uppercase()));
    Layer { metadata, values }
}

fn key_path(name: &str, rest: &str) -> Result<Vec<String>, ConfigError> {
    let keys: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
    if keys.len() < 2 || keys.iter().any(String::is_empty) {
        return Err(ConfigError::Variable { variable: name.to_owned() });
    }
    Ok(keys)
}

/// A section of another service is not ours to judge, unless nobody may set it fleet-wide.
fn is_for_this_service(name: &str, keys: &[String], defaults: &Dict) -> Result<bool, ConfigError> {
    let section = keys.first().map_or("", String::as_str);
    if defaults.contains_key(section) {
        return Ok(true);
    }
    if SHARED_SECTIONS.contains(&section) {
        return Ok(false);
    }
    Err(ConfigError::FleetSection { variable: name.to_owned(), section: section.to_owned() })
}

fn value_of(text: &str, default: Option<&Value>) -> Value {
    match default {
        Some(Value::Array(..)) if text.trim_start().starts_with('[') => {
            text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
        }
        Some(Value::Array(..)) => {
            Value::from(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}

fn lookup<'a>(dict: &'a Dict, keys: &[String]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    let value = dict.get(first)?;
    if rest.is_empty() { Some(value) } else { lookup(value.as_dict()?, rest) }
}

/// Sets the value at `keys`, making the tables on the way.
pub(super) fn put(dict: &mut Dict, keys: &[String], value: Value) {
    let Some((first, rest)) = keys.split_first() else { return };
    if rest.is_empty() {
        dict.insert(first.clone(), value);
        return;
    }
    let mut inner = dict.get(first).and_then(Value::as_dict).cloned().unwrap_or_default();
    put(&mut inner, rest, value);
    dict.insert(first.clone(), Value::from(inner));
}
