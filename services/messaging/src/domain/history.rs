//! Where a page of history begins (M-9).

use colink_core::error::Invalid;
use colink_core::id::MessageId;
use serde::{Deserialize, Serialize};

/// A place in a channel as a client names it: a sequence number or a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A sequence number.
    Seq(i64),
    /// A message of the channel.
    Message(MessageId),
}

impl Place {
    /// Reads `42` or a message id.
    ///
    /// # Errors
    /// [`Invalid`] for anything else, negative numbers too.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let seq = text.parse::<i64>().ok().filter(|seq| *seq >= 0 && !text.starts_with('+'));
        let id = || text.parse().ok().map(Self::Message);
        seq.map(Self::Seq)
            .or_else(id)
            .ok_or_else(|| Invalid::new("must be a sequence number, 0 or more, or the id of a message"))
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted<P> {
    /// What is newest.
    Newest,
    /// What was posted before a place, nearest first.
    Before(P),
    /// What was posted after a place, nearest first.
    After(P),
    /// A page with a place in its middle.
    Around(P),
    /// The n-th page, counted from 1 at the newest.
    Page(u32),
}

/// A page that goes on from another one; the position inside a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Onward {
    /// Older than this number.
    Before(i64),
    /// Newer than this number.
    After(i64),
}

/// Offsets behind this many messages are refused: walk by `before` or `cursor`, which cost the same anywhere.
pub(crate) const MAX_OFFSET: u32 = 10_000;

/// Takes at most one of the ways to name a page.
///
/// # Errors
/// [`Invalid`] when there are several.
pub(crate) fn one_of<P>(ways: impl IntoIterator<Item = Option<Wanted<P>>>) -> Result<Wanted<P>, Invalid> {
    let mut named = ways.into_iter().flatten();
    let first = named.next().unwrap_or(Wanted::Newest);
    match named.next() {
        None => Ok(first),
        Some(_) => {
            Err(Invalid::new("excludes the others: name one of before, after, around, cursor and page"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number_or_a_message() {
        assert_eq!(Place::parse("0"), Ok(Place::Seq(0)));
        assert_eq!(Place::parse("9223372036854775807"), Ok(Place::Seq(i64::MAX)));
        let id = "018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a";
        assert_eq!(Place::parse(id), Ok(Place::Message(id.parse().unwrap())));
        for bad in ["", "-1", "+1", "1.0", "9223372036854775808", "x", "018f4b1c7d2a7c3e9b1a2f6d5e4c3b2a"] {
            assert!(Place::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_way_is_taken() {
        assert_eq!(one_of::<i64>([None, None]), Ok(Wanted::Newest));
        assert_eq!(one_of([None, Some(Wanted::After(1))]), Ok(Wanted::After(1)));
        assert!(one_of([Some(Wanted::Page(1)), Some(Wanted::Around(1))]).is_err());
    }
}
