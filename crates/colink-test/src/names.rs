//! Names that are unique to a test and tell which process made them.
//!
//! Everything made for a test (database, topic, key, bucket) is named after the process that made it, so that the next
//! run can sweep what a killed one left: see [`Owner`].

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// `t<pid>`: what all names of this process begin with. Kept free of underscores, dots and dashes, so that each kind of
/// store can append its own separator.
pub(crate) fn process_prefix() -> String {
    format!("t{}", process::id())
}

/// `t<pid>x<n>`: unique in this process and, while it lives, on this machine.
#[must_use]
pub fn unique() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!("{}x{}", process_prefix(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// Who made a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A process that is gone: the thing may be removed.
    Dead,
    /// A living process, or nobody of ours.
    Other,
}

impl Owner {
    /// Reads the owner from a name made by [`unique`] or [`process_prefix`].
    pub(crate) fn of(name: &str) -> Self {
        let digits: String =
            name.strip_prefix('t').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
        match digits.parse::<u32>() {
            Ok(pid) if !Path::new(&format!("/proc/{pid}")).exists() => Self::Dead,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, unique};

    #[test]
    fn a_name_of_this_process_is_not_swept() {
        assert_eq!(Owner::of(&unique()), Owner::Other);
    }

    #[test]
    fn a_name_of_a_process_that_cannot_exist_is_swept() {
        assert_eq!(Owner::of("t4294967295x3_channels"), Owner::Dead);
    }

    #[test]
    fn names_of_others_are_left_alone() {
        for name in ["templates", "t", "postgres", "colink_auth", ""] {
            assert_eq!(Owner::of(name), Owner::Other, "{name}");
        }
    }
}
