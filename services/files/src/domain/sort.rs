//! The orders in which a list may be asked for.

use colink_core::error::Invalid;

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKey {
    /// When the upload was asked for.
    CreatedAt,
    /// Size in bytes.
    Size,
    /// The file's name, without regard to case.
    Filename,
}

/// An order; files that are equal in it are ordered by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) key: SortKey,
    pub(crate) descending: bool,
}

impl Sort {
    /// The newest first.
    pub(crate) const NEWEST: Self = Self { key: SortKey::CreatedAt, descending: true };

    /// Reads `created_at`, `size` or `filename`, with a minus for the other direction.
    ///
    /// # Errors
    /// [`Invalid`] that lists the orders.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let key = match name {
            "created_at" => SortKey::CreatedAt,
            "size" => SortKey::Size,
            "filename" => SortKey::Filename,
            _ => {
                return Err(Invalid::new(
                    "must be created_at, size or filename, or one of them after a minus",
                ));
            }
        };
        Ok(Self { key, descending })
    }
}

#[cfg(test)]
mod tests {
    use super::{Sort, SortKey};

    #[test]
    fn a_minus_turns_the_order_round() {
        assert_eq!(Sort::parse("-created_at").unwrap(), Sort::NEWEST);
        assert_eq!(Sort::parse("size").unwrap(), Sort { key: SortKey::Size, descending: false });
        for bad in ["", "-", "name", "--size"] {
            assert!(Sort::parse(bad).is_err(), "{bad}");
        }
    }
}
