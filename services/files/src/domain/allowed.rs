//! Which media types may be uploaded (F-2).

use colink_core::error::Invalid;

use crate::domain::media_type::MediaType;

/// A list of media types and families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedTypes(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exact(MediaType),
    Family(String),
}

impl AllowedTypes {
    /// Reads `image/png` and `image/*`; `*/*` allows everything.
    ///
    /// # Errors
    /// [`Invalid`] for an empty list, and for an entry that is neither.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, Invalid> {
        if entries.is_empty() {
            return Err(Invalid::new("must name at least one type"));
        }
        entries.iter().map(|entry| pattern(entry)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether files of this type may be uploaded.
    pub(crate) fn admits(&self, media: &MediaType) -> bool {
        self.0.iter().any(|pattern| match pattern {
            Pattern::Exact(exact) => exact == media,
            Pattern::Family(family) => family == "*" || media.family() == family,
        })
    }
}

fn pattern(entry: &str) -> Result<Pattern, Invalid> {
    match entry.strip_suffix("/*") {
        Some("*") => Ok(Pattern::Family("*".to_owned())),
        Some(family) if !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Ok(Pattern::Family(family.to_ascii_lowercase()))
        }
        _ => MediaType::parse(entry).map(Pattern::Exact).map_err(|_not_one| {
            Invalid::new(format!(
                "has the entry `{entry}`, which is no media type: write `image/png` or `image/*`"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> Result<AllowedTypes, Invalid> {
        AllowedTypes::parse(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>())
    }

    /// F-2
    #[test]
    fn a_type_is_admitted_by_its_name_or_its_family() {
        let allowed = allowed(&["application/pdf", "image/*"]).unwrap();
        for (text, expected) in [
            ("application/pdf", true),
            ("APPLICATION/PDF; q=1", true),
            ("image/png", true),
            ("application/zip", false),
            ("imagery/png", false),
            ("text/html", false),
        ] {
            assert_eq!(allowed.admits(&MediaType::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_is_refused() {
        for entries in [&[][..], &["image"], &["/*"], &["image/"], &["a b/c"]] {
            assert!(allowed(entries).is_err(), "{entries:?}");
        }
        assert!(allowed(&["*/*"]).unwrap().admits(&MediaType::parse("x/y").unwrap()));
    }
}
