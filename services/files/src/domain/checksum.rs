//! A SHA-256 that a client gave.

use colink_core::error::Invalid;

/// 32 bytes in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checksum(String);

impl Checksum {
    /// Takes 64 hex digits in either case.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Invalid::new("must be a SHA-256 in 64 hex digits"))
        }
    }

    /// Lower-case hex.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower-case hex.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Checksum;

    #[test]
    fn a_checksum_has_64_hex_digits() {
        assert_eq!(Checksum::parse(&"AB".repeat(32)).unwrap().as_str(), "ab".repeat(32));
        for bad in [String::new(), "ab".repeat(31), "ab".repeat(33), "zz".repeat(32)] {
            assert!(Checksum::parse(&bad).is_err(), "{bad}");
        }
    }
}
