//! `.colink/env`: `KEY=VALUE` lines. No quoting: a value is everything after the first `=`.

/// Reads lines; empty lines, comments and lines without `=` are skipped.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .filter(|(key, _)| !key.is_empty())
        .collect()
}

/// Writes lines that [`parse`] reads back.
pub(crate) fn render(pairs: &[(String, String)]) -> String {
    let mut text =
        String::from("# Written by `cargo xtask`; a variable of the environment wins over a line here.\n");
    for (key, value) in pairs {
        text.push_str(&format!("{key}={value}\n"));
    }
    text
}

/// The value of `key`, the last one when it stands twice.
pub(crate) fn lookup<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let pairs = vec![
            ("COLINK_MONGO_URL".to_owned(), "mongodb://127.0.0.1:1/?retryWrites=false".to_owned()),
            ("EMPTY".to_owned(), String::new()),
        ];
        assert_eq!(parse(&render(&pairs)), pairs);
    }

    #[test]
    fn comments_and_noise_are_skipped() {
        assert_eq!(parse("# A=1\n\nnoise\n=x\n B = 2 \r\n"), vec![("B".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn the_last_line_wins() {
        let pairs = parse("A=1\nA=2");
        assert_eq!(lookup(&pairs, "A"), Some("2"));
        assert_eq!(lookup(&pairs, "B"), None);
    }
}
