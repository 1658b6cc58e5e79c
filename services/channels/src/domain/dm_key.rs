//! Which direct conversation a set of people has: one key for one set, in whatever order it was named.

use std::collections::BTreeSet;

use colink_core::error::Invalid;
use colink_core::id::UserId;

/// Fewest and most people of a direct conversation, whoever begins it included.
const SIZE: std::ops::RangeInclusive<usize> = 2..=9;

/// The people of a direct conversation, each once, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Participants(Vec<UserId>);

impl Participants {
    /// Everybody who was named and whoever names them.
    ///
    /// # Errors
    /// [`Invalid`] when that is one person or more than nine.
    pub(crate) fn of(named: &[UserId], caller: UserId) -> Result<Self, Invalid> {
        let set: BTreeSet<UserId> = named.iter().copied().chain([caller]).collect();
        if SIZE.contains(&set.len()) {
            Ok(Self(set.into_iter().collect()))
        } else {
            Err(Invalid::new("must name 1 to 8 people besides yourself"))
        }
    }

    /// The people.
    pub(crate) fn ids(&self) -> &[UserId] {
        &self.0
    }

    /// The key that is unique in a workspace.
    pub(crate) fn key(&self) -> String {
        let ids: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        ids.join(",")
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::ManualClock;

    use super::*;

    fn people(count: usize) -> Vec<UserId> {
        let clock = ManualClock::default();
        (0..count).map(|_| UserId::generate(&clock)).collect()
    }

    /// C-4: the same set is the same conversation.
    #[test]
    fn order_and_repetition_do_not_matter() {
        let [a, b, c] = people(3).try_into().unwrap();
        let one = Participants::of(&[b, c, b], a).unwrap();
        let other = Participants::of(&[a, c], b).unwrap();
        assert_eq!(one.key(), other.key());
        assert_eq!(one.ids().len(), 3);
    }

    /// C-4: 2 to 9 people.
    #[test]
    fn the_size_is_bounded() {
        let all = people(10);
        assert!(Participants::of(&[], all[0]).is_err());
        assert!(Participants::of(&all[..1], all[0]).is_err());
        assert!(Participants::of(&all[1..9], all[0]).is_ok());
        assert!(Participants::of(&all[1..], all[0]).is_err());
    }
}
