//! How `q` is read.
//!
//! ```text
//! q        = { part }
//! part     = ["-"] ( operator ":" value | value )
//! operator = "from" | "in" | "before" | "after" | "on" | "has" | "is"     any case
//! value    = '"' anything '"' | anything but white space
//! ```
//!
//! Every part must be true; several `from` or `in` mean any of them. Anything else with a colon is text. A quotation that
//! is not closed goes on to the end, and an operator without a value is passed over, since people search while they type.
//! The last word that is not quoted may go on.

use colink_core::error::Invalid;

use crate::domain::filter::{Filters, Operator};
use crate::domain::phrase::Phrase;

/// A query that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// Words and phrases that must be there.
    pub(crate) wanted: Vec<Phrase>,
    /// Words and phrases that must not be there.
    pub(crate) unwanted: Vec<Phrase>,
    /// The rest.
    pub(crate) filters: Filters,
}

/// One part of `q`.
#[derive(Debug, PartialEq, Eq)]
struct Part<'a> {
    negated: bool,
    operator: Option<Operator>,
    value: &'a str,
    quoted: bool,
}

impl Query {
    /// Reads `q`.
    ///
    /// # Errors
    /// [`Invalid`] when an operator does not take its value; the text names the operator.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let parts = parts(text);
        let open = |part: &Part<'_>| {
            part.operator.is_none()
                && !part.negated
                && !part.quoted
                && Phrase::of(part.value, false).is_some()
        };
        let last = parts.iter().rposition(open);
        let mut query = Self::default();
        for (place, part) in parts.iter().enumerate() {
            match part.operator {
                Some(operator) => {
                    query.filters.add(operator, part.value, part.negated).map_err(|reason| {
                        Invalid::new(format!(
                            "has an operator that cannot be read: {}: {reason}",
                            operator.name()
                        ))
                    })?
                }
                None => query.add_text(part, last == Some(place)),
            }
        }
        Ok(query)
    }

    fn add_text(&mut self, part: &Part<'_>, may_go_on: bool) {
        let list = if part.negated { &mut self.unwanted } else { &mut self.wanted };
        list.extend(Phrase::of(part.value, may_go_on));
    }

    /// Whether nothing at all is asked for, as by a text of punctuation only.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut rest = text.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let negated = rest.starts_with('-') && rest.chars().nth(1).is_some_and(|c| !c.is_whitespace());
        let body = if negated { rest.strip_prefix('-').unwrap_or(rest) } else { rest };
        let (operator, body) = operator(body);
        let (value, quoted, after) = value(body);
        if !value.is_empty() {
            parts.push(Part { negated, operator, value, quoted });
        }
        rest = after.trim_start();
    }
    parts
}

fn operator(text: &str) -> (Option<Operator>, &str) {
    let split = text.split_once(':');
    let known = split.and_then(|(name, rest)| Some((Operator::of(name)?, rest)));
    known.map_or((None, text), |(operator, rest)| (Some(operator), rest))
}

/// The value at the beginning of a text, whether it is quoted, and what follows it.
fn value(text: &str) -> (&str, bool, &str) {
    let quote = |c: char| matches!(c, '"' | '“' | '”' | '„');
    if text.starts_with(quote) {
        let inner = text.strip_prefix(quote).unwrap_or(text);
        let (value, rest) = inner.split_once(quote).unwrap_or((inner, ""));
        return (value.trim(), true, rest);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    (value, false, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expressions(phrases: &[Phrase]) -> Vec<String> {
        phrases.iter().map(Phrase::expression).collect()
    }

    #[test]
    fn words_phrases_and_operators_are_told_apart() {
        let text = "Steam \"big engine\" -rusty FROM:@Ada -in:\"#Random Talk\" has:link pist";
        let query = Query::parse(text).unwrap();
        assert_eq!(expressions(&query.wanted), ["'steam'", "('big' <1> 'engine')", "'pist':*"]);
        assert_eq!(expressions(&query.unwanted), ["'rusty'"]);
        assert_eq!(query.filters.from.wanted, ["ada"]);
        assert_eq!(query.filters.within.unwanted, ["random talk"]);
        assert_eq!(query.filters.link, Some(true));
    }

    #[test]
    fn other_colons_and_dashes_are_text() {
        let query = Query::parse("http://example.com note:this well-known -").unwrap();
        assert_eq!(
            expressions(&query.wanted),
            ["('http' <1> 'example' <1> 'com')", "('note' <1> 'this')", "('well' <1> 'known':*)"]
        );
        assert!(query.unwanted.is_empty());
    }

    #[test]
    fn half_typed_queries_are_read() {
        assert!(Query::parse("from: \"").unwrap().is_empty());
        assert_eq!(expressions(&Query::parse("\"open engi").unwrap().wanted), ["('open' <1> 'engi')"]);
        assert!(Query::parse("';--").unwrap().is_empty());
    }

    #[test]
    fn a_refused_operator_is_named() {
        let refused = Query::parse("x before:soon").unwrap_err().to_string();
        assert!(refused.contains("before"), "{refused}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,256}") {
            let _ = Query::parse(&text);
        }

        #[test]
        fn any_soup_of_operators_is_read_or_refused(
            parts in prop::collection::vec(
                prop::sample::select(vec!["from:", "in:", "-", "\"", " ", "has:link", "on:2026-01-01", "x", "東京", "':*", "&|!()<->", "\\"]),
                0..30,
            )
        ) {
            if let Ok(query) = Query::parse(&parts.concat()) {
                for expression in expressions(&query.wanted) {
                    // Quotes come in pairs, so nothing of the text is outside of one.
                    prop_assert_eq!(expression.matches('\'').count() % 2, 0);
                }
            }
        }
    }
}
