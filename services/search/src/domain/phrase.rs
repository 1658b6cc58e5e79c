//! A word or phrase that is looked for.

use crate::domain::lexeme::quoted;
use crate::domain::token::{Kind, Token, tokens};

/// Shortest word that stands for every word that begins with it, in characters; shorter ones would match half the index.
const SHORTEST_PREFIX: usize = 2;

/// One token of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    text: String,
    prefix: bool,
    /// Its distance from the first token of the phrase.
    offset: usize,
}

/// Tokens that stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase(Vec<Wanted>);

impl Phrase {
    /// The phrase of a text; none when the text has nothing that is indexed. With `prefix` its last word may go on.
    pub(crate) fn of(text: &str, prefix: bool) -> Option<Self> {
        let found = tokens(text);
        let mut wanted: Vec<Wanted> = Vec::with_capacity(found.len());
        let mut after_pair = false;
        for (offset, token) in found.iter().enumerate() {
            // The pair before says all; in a longer run another pair stands here.
            let implied = after_pair && token.kind == Kind::Tail;
            after_pair = token.kind == Kind::Pair;
            if !implied {
                let last = prefix && offset + 1 == found.len();
                wanted.push(Wanted { text: token.text.clone(), prefix: goes_on(token, last), offset });
            }
        }
        (!wanted.is_empty()).then_some(Self(wanted))
    }

    /// As a part of a Postgres `tsquery`.
    pub(crate) fn expression(&self) -> String {
        let mut text = String::new();
        let mut before: Option<usize> = None;
        for wanted in &self.0 {
            if let Some(before) = before {
                text.push_str(&format!(" <{}> ", wanted.offset - before));
            }
            before = Some(wanted.offset);
            text.push_str(&quoted(&wanted.text));
            if wanted.prefix {
                text.push_str(":*");
            }
        }
        if self.0.len() > 1 { format!("({text})") } else { text }
    }

    /// Where the phrase that begins with the token `at` lies in the source, in bytes.
    pub(crate) fn find(&self, found: &[Token], at: usize) -> Option<std::ops::Range<usize>> {
        let mut range = found.get(at)?.bytes.clone();
        for wanted in &self.0 {
            let token = found.get(at + wanted.offset)?;
            let fits =
                if wanted.prefix { token.text.starts_with(&wanted.text) } else { token.text == wanted.text };
            if !fits {
                return None;
            }
            let head_only = token.kind == Kind::Pair && wanted.prefix;
            range.end = if head_only { token.head_end } else { token.bytes.end };
        }
        Some(range)
    }
}

fn goes_on(token: &Token, last: bool) -> bool {
    match token.kind {
        Kind::Word => last && token.text.chars().count() >= SHORTEST_PREFIX,
        Kind::Pair => false,
        Kind::Tail => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(text: &str, prefix: bool) -> String {
        Phrase::of(text, prefix).map(|phrase| phrase.expression()).unwrap_or_default()
    }

    #[test]
    fn a_phrase_is_an_expression() {
        assert_eq!(expression("steam engine", false), "('steam' <1> 'engine')");
        assert_eq!(expression("engi", true), "'engi':*");
        assert_eq!(expression("e", true), "'e'");
        assert_eq!(expression("東京都", true), "('東京' <1> '京都')");
        assert_eq!(expression("都", false), "'都':*");
        assert_eq!(expression("版本v2", true), "('版本' <2> 'v2':*)");
        assert_eq!(expression("'); --", true), "");
    }

    #[test]
    fn a_phrase_is_found_where_it_stands() {
        let text = "the steam engines";
        let phrase = Phrase::of("steam engin", true).unwrap();
        assert_eq!(phrase.find(&tokens(text), 1), Some(4..17));
        assert_eq!(phrase.find(&tokens(text), 0), None);
        let one = Phrase::of("京", false).unwrap();
        assert_eq!(one.find(&tokens("東京都"), 1), Some(3..6));
    }
}
