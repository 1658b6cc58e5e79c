//! Percent-encoding (RFC 3986): what a place in a request does not take as it is becomes `%` and the byte in hex.

use std::fmt::Write;

/// Letters and digits of ASCII stay, and what is in `plain`.
pub(super) fn escape(text: &str, plain: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
