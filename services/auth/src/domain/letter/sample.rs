//! Samples of everything a mail may say, for previews.

use std::collections::BTreeMap;

use super::{Filling, Letter, Template, write};

/// What callers give as facts. A template with a new one adds a line.
const FACTS: &[(&str, &str)] = &[
    ("device", "Firefox on Linux"),
    ("ip", "203.0.113.9"),
    ("at", "21 November 2026, 11:03 UTC"),
    ("roles", "user, admin"),
    ("provider", "Acme single sign-on"),
];

/// The mail as somebody would get it.
pub(crate) fn preview(template: Template) -> Letter {
    write(template, &filling(&facts()))
}

pub(super) fn facts() -> BTreeMap<String, String> {
    FACTS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn filling(facts: &BTreeMap<String, String>) -> Filling<'_> {
    Filling {
        display_name: "Ada Lovelace",
        username: "ada",
        public_url: "https://chat.example.com",
        token: "SAMPLE-TOKEN-SAMPLE-TOKEN-SAMPLE-TOKEN-SAMPL",
        hours: 24,
        facts,
    }
}
