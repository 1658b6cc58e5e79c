//! Where the browser goes after a sign-in: a place in the web client and nowhere else.

use colink_core::error::Invalid;

/// Longest place, in bytes.
const MAX: usize = 512;

/// A path of the web client, with a query perhaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// Takes a path of plain segments that begins with one slash.
    ///
    /// Also refused is what some program on the way could read as another host or as a control character, however it is
    /// encoded: double slashes, backslashes, dot segments, a fragment.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let good = text.len() <= MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&byte))
            && is_path(path)
            && is_encoded_well(query, |byte| !byte.is_ascii_control());
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(format!(
                "must be a path of this site, such as /channels, of at most {MAX} bytes"
            )))
        }
    }

    /// The start page.
    pub(crate) fn home() -> Self {
        Self("/".to_owned())
    }

    /// The path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let plain = is_encoded_well(segment, |byte| !byte.is_ascii_control() && !b"/\\.%".contains(&byte));
        if !plain || matches!(segment, "." | "..") || (segment.is_empty() && !last) {
            return false;
        }
    }
    true
}

/// Whether every `%` begins an encoded byte that is `allowed`.
fn is_encoded_well(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).is_some_and(&allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_site_are_taken() {
        for text in [
            "/",
            "/channels",
            "/channels/",
            "/w/acme?tab=files&x=https://a",
            "/caf%C3%A9",
            "/a.b/@ada",
            "/a?x=%2F",
        ] {
            assert_eq!(ReturnTo::parse(text).unwrap().as_str(), text);
        }
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(511))).is_ok());
    }

    /// no open redirect.
    #[test]
    fn whatever_leads_elsewhere_is_refused() {
        for text in [
            "",
            "channels",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/a//evil.test",
            "/a/../../evil",
            "/./a",
            "https://evil.test",
            "https:evil.test",
            "javascript:alert(1)",
            "@evil.test",
            ".evil.test",
            "/%2Fevil.test",
            "/%2f%2fevil.test",
            "/%5Cevil.test",
            "/%5cevil.test",
            "/%252Fevil.test",
            "/%2e%2e/evil",
            "/a%00b",
            "/a%0d%0aSet-Cookie:x",
            "/a\r\nLocation:/x",
            "/a\tb",
            "/a b",
            "/a#fragment",
            "/a?x=%0d%0a",
            "/a?x=%",
            "/a?x=%+1",
            "/ü",
            "/a\u{0}",
            "/a\u{7f}",
        ] {
            assert!(ReturnTo::parse(text).is_err(), "{text:?}");
        }
        assert!(ReturnTo::parse(&format!("/{}", "a".repeat(512))).is_err());
    }
}
