//! Just enough reading of Rust text for rules that look at code and not at comments.

/// The text with comments replaced by nothing; line breaks stay, so that line numbers hold.
///
/// Strings are kept, and a `//` inside one is not a comment. Raw strings and character literals are known;
/// nested block comments are not, because nobody writes them here.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, taken) = token(rest, first);
        match kept {
            Kept::All => out.push_str(&rest[..taken]),
            Kept::LineBreaks => out.extend(rest[..taken].chars().filter(|char| *char == '\n')),
        }
        rest = &rest[taken..];
    }
    out
}

enum Kept {
    All,
    LineBreaks,
}

/// What the text starts with, and how many bytes of it belong together.
fn token(rest: &str, first: char) -> (Kept, usize) {
    if rest.starts_with("//") {
        return (Kept::LineBreaks, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kept::LineBreaks, rest.find("*/").map_or(rest.len(), |at| at + 2));
    }
    let taken = match first {
        '"' => quoted(rest),
        'r' => raw_string(rest).unwrap_or(1),
        // The only character literals that could confuse: a quote, or a slash.
        '\'' => ["'\"'", "'\\\"'", "'\\''", "'/'"]
            .iter()
            .find(|literal| rest.starts_with(**literal))
            .map_or(1, |literal| literal.len()),
        _ => first.len_utf8(),
    };
    (Kept::All, taken)
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest[1..].chars().take_while(|char| *char == '#').count();
    let body = rest[1 + hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&close).map_or(rest.len(), |at| 1 + hashes + 1 + at + close.len()))
}

/// The text up to its unit tests.
pub(super) fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let text =
            "let a = \"http://x\"; // why\n/* two\nlines */ let b = r#\"// \"q\" \"#;\nlet c = '\"'; // d";
        let expected = "let a = \"http://x\"; \n\n let b = r#\"// \"q\" \"#;\nlet c = '\"'; ";
        assert_eq!(without_comments(text), expected);
    }

    #[test]
    fn tests_are_cut_off() {
        assert_eq!(before_tests("fn a() {}\n#[cfg(test)]\nmod tests {}"), "fn a() {}\n");
    }
}
