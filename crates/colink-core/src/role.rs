//! Roles and channel kinds. Roles are ordered: a greater role may do what a lesser one may.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::Invalid;
use crate::schema;

macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),+) => {
        impl $name {
            /// Every value, the least first.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in JSON, in tables and in logs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let known = Self::ALL.iter().copied().find(|value| value.as_str() == text);
                known.ok_or_else(|| match text {
                    "" => Invalid::required(),
                    _ => Invalid::new(concat!("must be one of:" $(, " ", $word)+)),
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                schema::one_of(Self::ALL.iter().map(|value| value.as_str()))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

/// What a user is in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", rename_all = "snake_case")]
pub enum WorkspaceRole {
    /// Sees only the channels he was put into.
    Guest,
    /// Uses the workspace.
    Member,
    /// Keeps order in public channels, and in others he is a member of.
    Moderator,
    /// Manages members and every channel.
    Admin,
    /// Manages everything; only an owner makes or unmakes an owner.
    Owner,
}

words!(WorkspaceRole: Guest = "guest", Member = "member", Moderator = "moderator", Admin = "admin", Owner = "owner");

/// What a user is in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", rename_all = "snake_case")]
pub enum ChannelRole {
    /// Reads and writes.
    Member,
    /// Also invites, removes, pins and deletes others' messages.
    Moderator,
    /// Also gives roles and archives; the creator is one.
    Owner,
}

words!(ChannelRole: Member = "member", Moderator = "moderator", Owner = "owner");

/// What sort of conversation a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", rename_all = "snake_case")]
pub enum ChannelKind {
    /// Every member of the workspace may read and join it.
    Public,
    /// Only who was invited knows what is in it.
    Private,
    /// A direct conversation of 2 to 9 people, all equal.
    Dm,
}

words!(ChannelKind: Public = "public", Private = "private", Dm = "dm");
