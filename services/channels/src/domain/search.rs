//! What somebody types to find a name, as a pattern for `ilike`.

use colink_core::error::Invalid;
use colink_core::text::one_line;

/// Longest text that is searched for.
const MAX: usize = 80;

/// A pattern that matches every text that contains what was typed; none when nothing was typed.
///
/// # Errors
/// [`Invalid`] when the text is too long or has control characters.
pub(crate) fn containing(typed: Option<&str>) -> Result<Option<String>, Invalid> {
    let typed = one_line(typed.unwrap_or_default(), 0..=MAX)?;
    if typed.is_empty() {
        return Ok(None);
    }
    let mut pattern = String::with_capacity(typed.len() + 2);
    pattern.push('%');
    for c in typed.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    Ok(Some(pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-2: what has a meaning in a pattern has none in a search.
    #[test]
    fn wildcards_are_literal() {
        assert_eq!(containing(Some("50%_a\\b")).unwrap().unwrap(), "%50\\%\\_a\\\\b%");
        assert_eq!(containing(Some("  ")).unwrap(), None);
        assert_eq!(containing(None).unwrap(), None);
        assert!(containing(Some(&"x".repeat(81))).is_err());
        assert!(containing(Some("a\u{0}b")).is_err());
    }
}
