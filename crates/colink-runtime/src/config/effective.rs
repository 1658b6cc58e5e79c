//! The effective configuration for an operator's eyes.
//!
//! Which values are secret is decided by their type, not by a list of names: each text is replaced by a
//! marker, the configuration is read again, and where its `Debug` does not show the marker the type hides it.
//! Names that sound secret are hidden as well, should a section hold one in a plain text.

use std::fmt::{Debug, Write};

use figment::Figment;
use figment::value::{Dict, Empty, Value};
use serde::de::DeserializeOwned;

use super::Layer;
use super::environment::put;
use super::error::place;

const MARKER: &str = "zz-marker-7e1c-zz";
const HIDDEN: &str = "\"<set>\"";

pub(super) fn render<C: DeserializeOwned + Debug>(service: &str, figment: &Figment) -> String {
    let values: Dict = figment.extract().unwrap_or_default();
    let mut out = format!("# {service}: the effective configuration, each key with its layer\n");
    let mut path = Vec::new();
    table::<C>(figment, &values, &mut path, &mut out);
    out
}

fn table<C: DeserializeOwned + Debug>(
    figment: &Figment,
    values: &Dict,
    path: &mut Vec<String>,
    out: &mut String,
) {
    let (tables, leaves): (Vec<_>, Vec<_>) = values.iter().partition(|(_, value)| value.as_dict().is_some());
    if !path.is_empty() && !leaves.is_empty() {
        line(out, format_args!("\n[{}]", path.join(".")));
    }
    for (key, value) in leaves {
        path.push(key.clone());
        let layer = place(figment.find_metadata(&path.join(".")), path);
        line(out, format_args!("{key} = {}  # {layer}", shown::<C>(figment, path, value)));
        path.pop();
    }
    for (key, value) in tables {
        path.push(key.clone());
        table::<C>(figment, value.as_dict().unwrap_or(&Dict::new()), path, out);
        path.pop();
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn shown<C: DeserializeOwned + Debug>(figment: &Figment, path: &[String], value: &Value) -> String {
    match value {
        _ if sounds_secret(path) => HIDDEN.to_owned(),
        Value::String(_, text) if is_hidden::<C>(figment, path) => {
            if text.is_empty() {
                "\"\"".to_owned()
            } else {
                HIDDEN.to_owned()
            }
        }
        Value::String(_, text) => format!("{:?}", without_credentials(text)),
        Value::Char(_, one) => format!("{:?}", one.to_string()),
        Value::Array(_, entries) => {
            let entries: Vec<String> = entries.iter().map(|entry| shown::<C>(figment, path, entry)).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, number) => number_text(*number),
        Value::Empty(_, Empty::None | Empty::Unit) | Value::Dict(..) => "{}".to_owned(),
    }
}

fn number_text(number: figment::value::Num) -> String {
    match (number.to_u128_lossy(), number.to_f64()) {
        (_, Some(float)) => float.to_string(),
        (Some(whole), None) => whole.to_string(),
        (None, None) => number.to_i128().map_or_else(String::new, |whole| whole.to_string()),
    }
}

fn sounds_secret(path: &[String]) -> bool {
    let name = path.last().map_or("", String::as_str);
    ["secret", "password", "token", "key", "seed"].iter().any(|word| name.ends_with(word))
}

/// Whether the type at `path`, a text or a list of texts, keeps its text from `Debug`.
fn is_hidden<C: DeserializeOwned + Debug>(figment: &Figment, path: &[String]) -> bool {
    let read = |marker: Value| {
        let mut values = Dict::new();
        put(&mut values, path, marker);
        figment.clone().merge(Layer::text("marker", values)).extract_lossy::<C>().ok()
    };
    let config = read(Value::from(MARKER)).or_else(|| read(Value::from(vec![MARKER])));
    // A type that refuses the marker parses its text (an address, a level): nothing that hides.
    config.is_some_and(|config| !format!("{config:?}").contains(MARKER))
}

fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..authority_end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}://<set>@{}", rest.get(at + 1..).unwrap_or_default()),
        None => text.to_owned(),
    }
}
