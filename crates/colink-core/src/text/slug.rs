//! The part of a name that stands in URLs and must be unique.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::Invalid;
use crate::text::value::text_type;

text_type! {
    /// Lower-case ASCII letters, digits and inner hyphens.
    Slug, 2, 63, Some("^[a-z0-9][a-z0-9-]*[a-z0-9]$"), "analytical-engines"
}

impl Slug {
    /// Takes 2 to 63 of `[a-z0-9-]` that neither begin nor end with a hyphen.
    ///
    /// # Errors
    /// [`Invalid`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::required());
        }
        let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let edges = text.starts_with('-') || text.ends_with('-');
        if (Self::MIN..=Self::MAX).contains(&text.len()) && text.bytes().all(known) && !edges {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must have 2 to 63 of a-z, 0-9 and hyphen, with no hyphen at either end"))
        }
    }

    /// The slug of any name: compatibility forms, case and accents are folded away, and what stands
    /// between letters and digits becomes one hyphen. When letters of other scripts are lost, or the name
    /// is too short or long, a hash of the folded name follows, so that different names stay different.
    pub fn from_name(name: &str) -> Self {
        let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkd().collect();
        let mut slug = String::with_capacity(folded.len());
        let mut lost = false;
        for c in folded.chars().filter(|c| !is_combining_mark(*c)) {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
                continue;
            }
            lost |= c.is_alphanumeric();
            if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let base = slug.trim_end_matches('-');
        if !lost && (Self::MIN..=Self::MAX).contains(&base.len()) {
            return Self(base.to_owned());
        }
        let hash = format!("{:08x}", fnv1a(folded.as_bytes()));
        let room = Self::MAX - hash.len() - 1;
        let base = base.get(..room).unwrap_or(base).trim_end_matches('-');
        Self(if base.is_empty() { hash } else { format!("{base}-{hash}") })
    }
}

/// FNV-1a, 32 bits (<https://www.rfc-editor.org/rfc/rfc9923>): the same on every machine and for ever.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
