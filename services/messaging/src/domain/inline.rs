//! Finds what stands for itself in running text: `@name` and bare `https://` links.
//!
//! The input is text that Markdown has already told from code and links, so no escape or delimiter is left in it.

/// A stretch of running text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Nothing special.
    Text(&'a str),
    /// `@name`: the name without the sign, as it was typed.
    At(&'a str),
    /// A link that begins with `http://` or `https://`.
    Url(&'a str),
}

/// Longest name that is looked up.
const NAME_MAX: usize = 32;

/// Cuts text into pieces; the pieces joined are the text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    while let Some(step) = text[at..].find(['@', 'h', 'H']) {
        let start = at + step;
        let piece = if begins_word(&text[..start]) { special(&text[start..]) } else { None };
        let Some((piece, length)) = piece else {
            at = start + 1;
            continue;
        };
        if plain < start {
            found.push(Piece::Text(&text[plain..start]));
        }
        found.push(piece);
        at = start + length;
        plain = at;
    }
    if plain < text.len() {
        found.push(Piece::Text(&text[plain..]));
    }
    found
}

/// The special piece that `text` begins with, and its length in bytes.
fn special(text: &str) -> Option<(Piece<'_>, usize)> {
    if let Some(rest) = text.strip_prefix('@') {
        let name = name(rest);
        return (!name.is_empty()).then_some((Piece::At(name), name.len() + 1));
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let url = url(text);
    (url.len() > scheme.len()).then_some((Piece::Url(url), url.len()))
}

/// `ada@example.com` calls nobody, and `xhttps://` is no link.
fn begins_word(before: &str) -> bool {
    before.chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '@' | '/')))
}

/// The name at the start of `text`. It ends with no dot or hyphen, so that a sentence may.
fn name(text: &str) -> &str {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let end = text.find(|c| !known(c)).unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '-']);
    if name.len() <= NAME_MAX && !name.starts_with(['.', '-']) { name } else { "" }
}

/// The link at the start of `text`: up to a blank, without the punctuation that ends a sentence.
fn url(text: &str) -> &str {
    let stops = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`');
    let mut url = &text[..text.find(stops).unwrap_or(text.len())];
    // Closing ones that nothing in the link opens; counted once, for a text may be nothing else.
    let mut stray = url.matches(')').count().saturating_sub(url.matches('(').count());
    while let Some(last) = url.chars().next_back() {
        match last {
            ')' if stray > 0 => stray -= 1,
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => {}
            _ => break,
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_links_are_found_where_words_begin() {
        use Piece::{At, Text, Url};
        assert_eq!(
            pieces("hi @ada, (@Bob.) x@y.z"),
            [Text("hi "), At("ada"), Text(", ("), At("Bob"), Text(".) x@y.z")]
        );
        assert_eq!(
            pieces("see https://a.example/x_(y)?q=1."),
            [Text("see "), Url("https://a.example/x_(y)?q=1"), Text(".")]
        );
        assert_eq!(pieces("@ @. http:// สวัสดี@ada"), [Text("@ @. http:// สวัสดี@ada")]);
    }

    /// In time that is linear in the text: a million characters would take minutes otherwise.
    #[test]
    fn many_parentheses_and_schemes_are_read_once() {
        let closing = ")".repeat(1 << 20);
        let link = format!("https://a.example/(x){closing}");
        assert_eq!(pieces(&link), [Piece::Url("https://a.example/(x)"), Piece::Text(&closing)]);
        let empty = format!("https://{closing}");
        assert_eq!(pieces(&empty), [Piece::Text(&empty)]);
        let words = format!("x{}", "https://".repeat(1 << 17));
        assert_eq!(pieces(&words).len(), 1);
    }

    proptest! {
        #[test]
        fn pieces_joined_are_the_text(text in ".{0,200}|[@h tps:/.a-c()é]{0,60}") {
            let joined: String = pieces(&text).iter().map(|piece| match piece {
                Piece::Text(text) | Piece::Url(text) => (*text).to_owned(),
                Piece::At(name) => format!("@{name}"),
            }).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
