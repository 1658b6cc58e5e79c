//! Media types (RFC 6838) without parameters, and what browsers may be told of them.

use colink_core::error::Invalid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest type that is taken, in bytes: two names of 63 and the slash.
const MAX_BYTES: usize = 127;

/// What a type that might harm is served as.
const OPAQUE: &str = "application/octet-stream";

/// `type/subtype` in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct MediaType(String);

/// The coarse kind of a file, for filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileKind)]
pub(crate) enum Kind {
    /// Pictures.
    Image,
    /// Films.
    Video,
    /// Sound.
    Audio,
    /// Plain text and data as text.
    Text,
    /// PDF, office documents, books.
    Document,
    /// Packed files.
    Archive,
    /// Anything else.
    Other,
}

impl Kind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Image, "image"),
        (Self::Video, "video"),
        (Self::Audio, "audio"),
        (Self::Text, "text"),
        (Self::Document, "document"),
        (Self::Archive, "archive"),
        (Self::Other, "other"),
    ];

    /// The word in the API and in the database.
    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, word)| word)
    }

    /// # Errors
    /// [`Invalid`] that lists the words.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.iter().find(|(_, word)| *word == text).map(|(kind, _)| *kind);
        known.ok_or_else(|| {
            Invalid::new("must be image, video, audio, text, document, archive, other, or a media type such as image/png")
        })
    }
}

impl MediaType {
    /// Reads a type; parameters such as `charset` are dropped.
    ///
    /// # Errors
    /// [`Invalid`] when it is none.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence.is_empty() {
            return Err(Invalid::required());
        }
        let refused = || Invalid::new("must be a media type such as image/png");
        let (family, subtype) = essence.split_once('/').ok_or_else(refused)?;
        if essence.len() <= MAX_BYTES && is_name(family) && is_name(subtype) {
            Ok(Self(essence))
        } else {
            Err(refused())
        }
    }

    /// A type that was checked when it was stored.
    pub(crate) fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// `type/subtype`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the slash.
    pub(crate) fn family(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// Whether its bytes are text, whatever the text means.
    pub(crate) fn is_textual(&self) -> bool {
        let data = ["json", "xml", "yaml", "x-yaml", "toml", "sql", "javascript", "x-ndjson", "x-sh"];
        self.family() == "text"
            || self.0.strip_prefix("application/").is_some_and(|subtype| data.contains(&subtype))
            || self.0.ends_with("+json")
            || self.0.ends_with("+xml")
    }

    /// The coarse kind.
    pub(crate) fn kind(&self) -> Kind {
        let office =
            ["officedocument", "opendocument", "ms-excel", "ms-powerpoint", "msword", "epub", "/pdf", "/rtf"];
        let packed = ["zip", "x-tar", "7z", "rar", "zstd", "bzip", "x-xz"];
        let has = |words: &[&str]| words.iter().any(|word| self.0.contains(word));
        match self.family() {
            "image" => Kind::Image,
            "video" => Kind::Video,
            "audio" => Kind::Audio,
            _ if has(&office) => Kind::Document,
            _ if self.is_textual() => Kind::Text,
            _ if has(&packed) => Kind::Archive,
            _ => Kind::Other,
        }
    }

    /// The type that a download is served with: itself when no browser runs anything in it, text as plain text, else
    /// bytes without a meaning (F-5).
    pub(crate) fn safe(&self) -> &str {
        let runs = ["html", "svg", "xml", "javascript", "ecmascript", "x-shockwave-flash", "xsl", "mathml"];
        if runs.iter().any(|word| self.0.contains(word)) && self.kind() != Kind::Document {
            return OPAQUE;
        }
        match self.kind() {
            Kind::Image | Kind::Video | Kind::Audio | Kind::Document | Kind::Archive => &self.0,
            Kind::Text if self.0 == "text/csv" || self.0 == "application/json" => &self.0,
            Kind::Text => "text/plain",
            Kind::Other => OPAQUE,
        }
    }
}

/// RFC 6838, 4.2: `restricted-name`.
fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(text: &str) -> MediaType {
        MediaType::parse(text).unwrap()
    }

    #[test]
    fn a_type_is_read_without_case_and_parameters() {
        assert_eq!(media(" Text/Plain; charset=UTF-8 ").as_str(), "text/plain");
        for bad in
            ["", ";", "text", "text/", "/plain", "a/b/c", "te xt/plain", "text/pl\u{e4}in", &"a/".repeat(70)]
        {
            assert!(MediaType::parse(bad).is_err(), "{bad:?}");
        }
    }

    /// F-5: nothing that a browser runs keeps its type.
    #[test]
    fn what_a_browser_would_run_is_served_as_bytes() {
        for active in [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "text/xml",
            "text/javascript",
            "application/x-msdownload",
        ] {
            assert_eq!(media(active).safe(), OPAQUE, "{active}");
        }
        for passive in ["image/png", "application/pdf", "video/mp4", "application/zip", "text/csv"] {
            assert_eq!(media(passive).safe(), passive);
        }
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        assert_eq!(media(word).safe(), word);
        assert_eq!(media("text/markdown").safe(), "text/plain");
    }

    #[test]
    fn kinds_have_their_words() {
        for (text, kind) in [
            ("image/gif", "image"),
            ("application/msword", "document"),
            ("application/json", "text"),
            ("application/gzip", "archive"),
            ("application/wasm", "other"),
        ] {
            assert_eq!(media(text).kind().as_str(), kind, "{text}");
            assert_eq!(Kind::parse(kind).unwrap(), media(text).kind());
        }
        assert!(Kind::parse("picture").is_err());
    }
}
