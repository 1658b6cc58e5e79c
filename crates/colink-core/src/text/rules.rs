//! The checks that several texts share.

use std::ops::RangeInclusive;

use crate::error::Invalid;

/// A text of one line: outer white space cut off, length within `length` characters, no control
/// characters, no direction overrides (they make a name read as another one), and something visible in
/// it unless `length` admits the empty text. Also meant for the small texts of one service, such as a
/// status or a reason.
///
/// # Errors
/// [`Invalid`] with the rule that was broken.
pub fn one_line(text: &str, length: RangeInclusive<usize>) -> Result<String, Invalid> {
    let text = text.trim();
    refuse(text, |c| c.is_control() || overrides_direction(c) || is_line_separator(c))?;
    within(text, length)?;
    Ok(text.to_owned())
}

/// A text of any number of lines, kept exactly as written: length within `length` characters, no
/// control characters but tab, line feed and carriage return, and something visible in it unless
/// `length` admits the empty text.
///
/// # Errors
/// [`Invalid`] with the rule that was broken.
pub fn many_lines(text: &str, length: RangeInclusive<usize>) -> Result<String, Invalid> {
    refuse(text, |c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))?;
    within(text, length)?;
    Ok(text.to_owned())
}

/// Visible ASCII of a limited length.
pub(super) fn visible_ascii(text: &str, max: usize) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::required());
    }
    if text.len() > max || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::new(format!("must have 1 to {max} visible ASCII characters, without spaces")));
    }
    Ok(text.to_owned())
}

fn refuse(text: &str, unwanted: impl Fn(char) -> bool) -> Result<(), Invalid> {
    match text.chars().find(|c| unwanted(*c)) {
        Some(c) => {
            Err(Invalid::new(format!("must not contain the character U+{:04X}: remove it", u32::from(c))))
        }
        None => Ok(()),
    }
}

fn within(text: &str, length: RangeInclusive<usize>) -> Result<(), Invalid> {
    let (min, max) = (*length.start(), *length.end());
    let count = text.chars().count();
    if min > 0 && !text.chars().any(is_visible) {
        return Err(Invalid::required());
    }
    if count < min {
        return Err(Invalid::new(format!("must have at least {min} characters, and has {count}")));
    }
    if count > max {
        return Err(Invalid::new(format!("must have at most {max} characters, and has {count}: shorten it")));
    }
    Ok(())
}

/// Embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX #9).
fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_line_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// White space and the characters that are drawn as nothing at all.
fn is_visible(c: char) -> bool {
    let blank = matches!(
        c,
        '\u{00AD}'
            | '\u{034F}'
            | '\u{061C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
    );
    !(blank || c.is_whitespace() || c.is_control())
}
