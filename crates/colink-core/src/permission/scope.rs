//! What a token that stands for less than its user may be used for: scopes in the sense of OAuth 2.0 (RFC 6749,
//! section 3.3), as API keys have them.
//!
//! A scope gives no right that the user does not have; it only says which of his rights a token carries. A person who
//! signed in carries all of them.

use std::fmt;
use std::ops::BitAnd;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Invalid;

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal;)+) => {
        /// One part of what a user may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope {
            $($(#[$doc])* $variant),+
        }

        impl Scope {
            /// Every scope.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in tokens, tables and requests.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// What the holder of a token without this scope is told.
            pub const fn refusal(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("The API key lacks the scope `", $word, "`.")),+
                }
            }
        }
    };
}

scopes! {
    /// Read messages, threads, reactions, pins and unread counts, and follow channels on a socket.
    MessagesRead = "messages:read";
    /// Write, edit, delete and pin messages, react, mark as read, show typing.
    MessagesWrite = "messages:write";
    /// See channels, direct conversations and their members.
    ChannelsRead = "channels:read";
    /// Create, change, join and leave channels and direct conversations, and manage their members.
    ChannelsWrite = "channels:write";
    /// See and download files.
    FilesRead = "files:read";
    /// Upload and delete files.
    FilesWrite = "files:write";
    /// Search messages and files.
    SearchRead = "search:read";
    /// See profiles and presence.
    UsersRead = "users:read";
    /// Change the own profile.
    UsersWrite = "users:write";
    /// Show the own presence to others.
    PresenceWrite = "presence:write";
    /// See workspaces and their members.
    WorkspacesRead = "workspaces:read";
    /// Create, change and leave workspaces, enter them by invitation, invite and manage members.
    WorkspacesAdmin = "workspaces:admin";
    /// Use the rights of a realm admin, if the user is one.
    Admin = "admin:*";
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = Invalid;

    fn from_str(word: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().copied().find(|scope| scope.as_str() == word);
        found.ok_or_else(|| Invalid::new(format!("must be scopes out of: {}", Scopes::ALL)))
    }
}

/// A set of scopes. As text: their words with a space between, in the order of [`Scope::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u32);

impl Scopes {
    /// No scope: nothing may be done.
    pub const NONE: Self = Self(0);
    /// Every scope: whatever the user may do.
    pub const ALL: Self = Self((1 << Scope::ALL.len()) - 1);

    /// Whether the scope is among them.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & Self::of(scope).0 != 0
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | Self::of(scope).0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every one of these is among `others`.
    pub const fn is_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// The scopes in this text. Words that are not known here are passed over: a token of a later build may have
    /// scopes that nothing here asks for.
    pub fn read(text: &str) -> Self {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// One by one, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.contains(*scope))
    }

    const fn of(scope: Scope) -> Self {
        Self(1 << scope as u32)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl BitAnd for Scopes {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::read(&text))
    }
}
