//! How text becomes tokens, the same for what is indexed, asked for and highlighted.
//!
//! Words are those of Unicode (UAX #29), compared after NFKC in lower case, and split once more at punctuation inside, so
//! that `foo.bar` is found by `bar`. Scripts written without spaces have no words that can be seen: their runs become
//! overlapping pairs of characters and one last single one, so that any substring of a run is a phrase of pairs, and any
//! character is the beginning of some token. Symbols such as emoji are tokens of their own.
//!
//! Positions count tokens from 1 without holes.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Longest token, in characters; the rest of a longer word does not count. Keeps lexemes below Postgres' limit.
const LONGEST: usize = 64;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word or a symbol.
    Word,
    /// Two neighbours in a run of a script without spaces.
    Pair,
    /// The last character of such a run.
    Tail,
}

/// One token and where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Normalised.
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its place in the source, in bytes.
    pub(crate) bytes: Range<usize>,
    /// Where its first character ends in the source, for a pair; else the token's end.
    pub(crate) head_end: usize,
}

/// The tokens of a text, in order.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut run = 0..0;
    let mut run_is_dense = false;
    for (start, grapheme) in text.grapheme_indices(true) {
        let dense = grapheme.chars().next().is_some_and(is_dense);
        if dense != run_is_dense {
            push_run(text, run, run_is_dense, &mut found);
            run = start..start;
            run_is_dense = dense;
        }
        run.end = start + grapheme.len();
    }
    push_run(text, run, run_is_dense, &mut found);
    found
}

fn push_run(text: &str, run: Range<usize>, dense: bool, found: &mut Vec<Token>) {
    let start = run.start;
    let slice = text.get(run).unwrap_or_default();
    if dense {
        push_pairs(slice, start, found);
        return;
    }
    for (offset, segment) in slice.split_word_bound_indices() {
        push_segment(segment, start + offset, found);
    }
}

fn push_segment(segment: &str, start: usize, found: &mut Vec<Token>) {
    if !segment.chars().any(char::is_alphanumeric) {
        if segment.chars().any(is_symbol) {
            push_word(segment, start, found);
        }
        return;
    }
    let mut begin = 0;
    let ends = segment.char_indices().filter(|(_, c)| splits(*c)).map(|(at, c)| (at, at + c.len_utf8()));
    for (end, next) in ends.chain(std::iter::once((segment.len(), segment.len()))) {
        let part = segment.get(begin..end).unwrap_or_default();
        if part.chars().any(char::is_alphanumeric) {
            push_word(part, start + begin, found);
        }
        begin = next;
    }
}

fn push_word(word: &str, start: usize, found: &mut Vec<Token>) {
    let text: String = normalised(word).take(LONGEST).collect();
    if !text.is_empty() {
        let end = start + word.len();
        found.push(Token { text, kind: Kind::Word, bytes: start..end, head_end: end });
    }
}

fn push_pairs(run: &str, start: usize, found: &mut Vec<Token>) {
    let units: Vec<(char, Range<usize>)> = run
        .grapheme_indices(true)
        .flat_map(|(at, grapheme)| {
            let bytes = start + at..start + at + grapheme.len();
            normalised(grapheme).map(move |c| (c, bytes.clone())).collect::<Vec<_>>()
        })
        .collect();
    for pair in units.windows(2) {
        let [(first, head), (second, tail)] = pair else { continue };
        found.push(Token {
            text: [*first, *second].iter().collect(),
            kind: Kind::Pair,
            bytes: head.start..tail.end,
            head_end: head.end,
        });
    }
    if let Some((last, bytes)) = units.last() {
        let (text, head_end) = (last.to_string(), bytes.end);
        found.push(Token { text, kind: Kind::Tail, bytes: bytes.clone(), head_end });
    }
}

/// NFKC in lower case, without what only chooses a look: variation selectors and soft hyphens.
fn normalised(text: &str) -> impl Iterator<Item = char> {
    let lower = text.nfkc().flat_map(char::to_lowercase);
    lower.filter(|c| !matches!(c, '\u{FE0E}' | '\u{FE0F}' | '\u{AD}' | '\u{200B}')).map(|c| match c {
        'ς' => 'σ',
        other => other,
    })
}

/// Punctuation that Unicode keeps inside a word.
fn splits(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '’' | '‘' | '·' | '‧')
}

/// Letters of scripts that are written without spaces, or whose words carry endings that a reader does not type.
fn is_dense(c: char) -> bool {
    let dense = matches!(u32::from(c),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F // Burmese
        | 0x1100..=0x11FF | 0xAC00..=0xD7AF // Hangul
        | 0x1780..=0x17FF // Khmer
        | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F // Kana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF // Han
    );
    dense && c.is_alphanumeric()
}

fn is_symbol(c: char) -> bool {
    matches!(u32::from(c), 0xA9 | 0xAE | 0x203C | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x2BFF | 0x3030 | 0x303D
        | 0x3297 | 0x3299 | 0x1F000..=0x1FAFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_are_normalised_and_split_at_punctuation() {
        assert_eq!(texts("Hello, ＷＯＲＬＤ! don't"), ["hello", "world", "don", "t"]);
        assert_eq!(texts("see https://example.com/a_b"), ["see", "https", "example", "com", "a", "b"]);
        assert_eq!(texts("ΟΔΟΣ οδός"), ["οδοσ", "οδόσ"]);
        assert_eq!(texts("Füße naïve"), ["füße", "naïve"]);
    }

    #[test]
    fn scripts_without_spaces_become_pairs() {
        assert_eq!(texts("東京都"), ["東京", "京都", "都"]);
        assert_eq!(texts("v2版"), ["v2", "版"]);
        assert_eq!(texts("ไทย"), ["ไท", "ทย", "ย"]);
        assert_eq!(texts("ｶﾞｽ"), ["ガス", "ス"]);
    }

    #[test]
    fn emoji_are_tokens_whatever_their_look() {
        assert_eq!(texts("ship 🚀 ❤️"), ["ship", "🚀", "❤"]);
        assert_eq!(texts("👩‍💻"), ["👩\u{200D}💻"]);
        assert!(texts("… -- ' \" ;").is_empty());
    }

    proptest! {
        #[test]
        fn tokens_lie_in_the_text_in_order(text in "\\PC{0,200}") {
            let mut last = 0;
            for token in tokens(&text) {
                prop_assert!(text.get(token.bytes.clone()).is_some());
                prop_assert!(text.is_char_boundary(token.head_end));
                prop_assert!(token.bytes.start >= last);
                prop_assert!(!token.text.is_empty() && token.text.chars().count() <= LONGEST);
                last = token.bytes.start;
            }
        }
    }
}
