//! Whether bytes are what their sender says they are (F-1): by their first bytes, never by a name.
//!
//! What `infer` recognises must be the declared type or one of its other names. What it does not recognise must be
//! declared as text, and look like it.

use crate::domain::allowed::AllowedTypes;
use crate::domain::media_type::MediaType;

/// As many bytes as the detection looks at.
pub(crate) const SNIFF_BYTES: usize = 8192;

const OCTETS: &str = "application/octet-stream";
const ZIP: &str = "application/zip";

/// Several names for bytes that begin alike.
const ALIKE: [&[&str]; 12] = [
    &["image/jpeg", "image/jpg", "image/pjpeg"],
    &["image/heif", "image/heic", "image/heif-sequence", "image/heic-sequence", "image/avif"],
    &["image/bmp", "image/x-ms-bmp"],
    &["image/vnd.microsoft.icon", "image/x-icon"],
    &["audio/mpeg", "audio/mp3"],
    &["audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"],
    &["audio/x-flac", "audio/flac"],
    &[
        "audio/m4a",
        "audio/x-m4a",
        "audio/mp4",
        "video/mp4",
        "video/x-m4v",
        "video/quicktime",
        "video/3gpp",
        "audio/aac",
    ],
    &["audio/ogg", "audio/opus", "video/ogg", "application/ogg"],
    &["video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"],
    &["application/vnd.rar", "application/x-rar-compressed"],
    &["application/gzip", "application/x-gzip"],
];

/// Office files of before 2007: a file system of its own, in which the format shows only further on.
const OLE: [&str; 4] = [
    "application/x-ole-storage",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
];

/// Whether a file that begins with `beginning` may be called `declared`. `allowed` decides about what is sent as bytes
/// without a meaning.
pub(crate) fn fits(declared: &MediaType, beginning: &[u8], allowed: &AllowedTypes) -> bool {
    let found = infer::get(beginning).map(|found| found.mime_type());
    match found {
        Some(found) if declared.as_str() == OCTETS => {
            MediaType::parse(found).is_ok_and(|found| allowed.admits(&found))
        }
        Some(found) => is_name_of(declared, found) || (is_text(found) && declared.is_textual()),
        None => declared.as_str() == OCTETS || (declared.is_textual() && looks_like_text(beginning)),
    }
}

fn is_name_of(declared: &MediaType, found: &str) -> bool {
    let declared = declared.as_str();
    let both = |names: &[&str]| names.contains(&declared) && names.contains(&found);
    declared == found
        || ALIKE.iter().any(|names| both(names))
        || both(&OLE)
        || (is_zip(declared) && found == ZIP)
        || ([ZIP, "application/x-zip-compressed"].contains(&declared) && is_zip(found))
        || (declared == "text/rtf" && found == "application/rtf")
        || (declared == "video/avi" && found == "video/x-msvideo")
        || (declared == "audio/midi" && found == "audio/x-midi")
}

/// Formats that are zip files inside; which one shows only further on.
fn is_zip(name: &str) -> bool {
    let inside = ["application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."];
    [ZIP, "application/x-zip-compressed", "application/epub+zip"].contains(&name)
        || inside.iter().any(|prefix| name.starts_with(prefix))
}

fn is_text(found: &str) -> bool {
    found.starts_with("text/")
}

/// No control characters but white space and ESC; UTF-16 only with its mark.
fn looks_like_text(beginning: &[u8]) -> bool {
    let utf16 = beginning.starts_with(&[0xFF, 0xFE]) || beginning.starts_with(&[0xFE, 0xFF]);
    let plain =
        |byte: &u8| *byte >= 0x20 && *byte != 0x7F || matches!(*byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B);
    utf16 || beginning.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

    fn fits_all(declared: &str, beginning: &[u8]) -> bool {
        let allowed = AllowedTypes::parse(&["image/*".to_owned()]).unwrap();
        fits(&MediaType::parse(declared).unwrap(), beginning, &allowed)
    }

    /// F-1
    #[test]
    fn bytes_must_be_what_they_are_called() {
        for (declared, beginning, expected) in [
            ("image/png", PNG, true),
            ("image/jpeg", PNG, false),
            ("application/pdf", PNG, false),
            ("text/plain", PNG, false),
            ("image/png", b"just text", false),
            ("application/pdf", b"%PDF-1.7\n", true),
            ("text/plain", "grüße\n".as_bytes(), true),
            ("text/plain", b"<!DOCTYPE html><p>", true),
            ("text/plain", b"a\0b", false),
            ("text/plain", EXE, false),
            ("image/png", EXE, false),
            ("application/octet-stream", EXE, false),
            ("application/octet-stream", PNG, true),
            ("application/octet-stream", b"\x01\x02", true),
            ("text/csv", b"", true),
            ("application/zip", b"PK\x03\x04\x14\0\0\0", true),
            ("application/vnd.oasis.opendocument.text", b"PK\x03\x04\x14\0\0\0", true),
            ("image/png", b"PK\x03\x04\x14\0\0\0", false),
        ] {
            assert_eq!(fits_all(declared, beginning), expected, "{declared} {beginning:?}");
        }
    }
}
