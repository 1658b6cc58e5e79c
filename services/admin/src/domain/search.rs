//! What the log can be searched by.

use colink_core::error::Invalid;
use colink_core::id::{EventId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::Entry;

/// Longest name of an action, in characters.
const ACTION_MAX: usize = 64;
/// Longest id of a resource, in characters.
const RESOURCE_ID_MAX: usize = 128;

/// Which entries are wanted; all conditions hold at once, and none wants every entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Done by this user.
    pub(crate) user_id: Option<UserId>,
    /// Of this type.
    pub(crate) action: Option<String>,
    /// At this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Before this time.
    pub(crate) to: Option<Timestamp>,
    /// In this workspace.
    pub(crate) workspace_id: Option<WorkspaceId>,
    /// Done to this thing.
    pub(crate) resource_id: Option<String>,
}

/// The order of a list; entries of one moment are in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `-at`.
    NewestFirst,
    /// `at`.
    OldestFirst,
}

impl Order {
    /// Takes the parameter `sort`; newest first when there is none.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        match text.unwrap_or("-at") {
            "-at" => Ok(Self::NewestFirst),
            "at" => Ok(Self::OldestFirst),
            _ => Err(Invalid::new("must be one of: at -at")),
        }
    }
}

/// A place in a list by time, where the next page goes on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) at: Timestamp,
    pub(crate) id: EventId,
}

impl Position {
    /// The place of an entry.
    pub(crate) fn of(entry: &Entry) -> Self {
        Self { at: entry.at, id: entry.id }
    }
}

/// Takes the name of an action. It need not be one that this build knows: the log may hold others.
pub(crate) fn action(text: &str) -> Result<String, Invalid> {
    let fits = |c: u8| c.is_ascii_lowercase() || matches!(c, b'.' | b'_');
    if (1..=ACTION_MAX).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("must be the type of an event such as member.removed"))
    }
}

/// Takes the id of any resource; most are UUIDs, and a signing key's is not.
pub(crate) fn resource_id(text: &str) -> Result<String, Invalid> {
    if (1..=RESOURCE_ID_MAX).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new("must be 1 to 128 visible ASCII characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_at_or_minus_at() {
        assert_eq!(Order::parse(None), Ok(Order::NewestFirst));
        assert_eq!(Order::parse(Some("at")), Ok(Order::OldestFirst));
        for text in ["", "AT", "+at", "-created_at"] {
            assert!(Order::parse(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn an_action_looks_like_a_type_of_event() {
        for text in ["member.removed", "signing_key.rotated", &"a".repeat(64)] {
            assert_eq!(action(text).unwrap(), text);
        }
        for text in ["", "Member.removed", "member removed", "$ne", "é", &"a".repeat(65)] {
            assert!(action(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resource_id_is_visible_ascii() {
        for text in ["01942000-0000-7000-8000-000000000005", "kid-1", &"x".repeat(128)] {
            assert_eq!(resource_id(text).unwrap(), text);
        }
        for text in ["", "a b", "é", "a\n", &"x".repeat(129)] {
            assert!(resource_id(text).is_err(), "{text}");
        }
    }
}
