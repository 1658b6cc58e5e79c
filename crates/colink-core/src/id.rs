//! Every id of the system, typed: a `ChannelId` cannot be passed where a `UserId` is meant.
//!
//! An id is a UUIDv7 made at the clock's time, so ids sort by the millisecond of their making. In every
//! format, JSON or binary, an id is written as lower-case hyphenated text; only that form is read (either
//! case), so that one id has one spelling in logs, keys and documents.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::{NoContext, Uuid};

use crate::clock::Clock;
use crate::error::Invalid;
use crate::schema;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Uuid);

            impl $name {
                /// Makes a new id at the clock's time.
                pub fn generate(clock: &dyn Clock) -> Self {
                    Self(uuid_v7(clock))
                }

                /// Takes an id that is known already, such as one read from a table.
                pub const fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }

                /// The bare id, for a database parameter.
                pub const fn as_uuid(self) -> Uuid {
                    self.0
                }
            }

            impl From<Uuid> for $name {
                fn from(uuid: Uuid) -> Self {
                    Self(uuid)
                }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Self {
                    id.0
                }
            }

            impl FromStr for $name {
                type Err = Invalid;

                fn from_str(text: &str) -> Result<Self, Invalid> {
                    parse_uuid(text).map(Self)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::LowerHex::fmt(self.0.as_hyphenated(), f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}({self})", stringify!($name))
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut buffer = Uuid::encode_buffer();
                    serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut buffer))
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_str(IdVisitor(PhantomData))
                }
            }

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    schema::uuid()
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($name))
                }
            }
        )+

        /// Name and schema of every id, for the list of all schemas.
        pub(crate) fn schemas() -> Vec<(String, RefOr<Schema>)> {
            vec![$((stringify!($name).to_owned(), schema::uuid())),+]
        }
    };
}

ids! {
    /// A person's or bot's account.
    UserId;
    /// One sign-in of a user on one device.
    SessionId;
    /// A chain of refresh tokens that descend from one sign-in.
    TokenFamilyId;
    /// A key that signs access tokens.
    KeyId;
    /// A long-lived key of a user or bot.
    ApiKeyId;
    /// A registered passkey.
    PasskeyId;
    /// A mail on its way out.
    MailId;
    /// An export of a user's data.
    ExportId;
    /// A workspace, the unit of tenancy.
    WorkspaceId;
    /// An invitation into a workspace.
    InviteId;
    /// A custom group of users that can be mentioned.
    GroupId;
    /// A channel or a direct conversation.
    ChannelId;
    /// A message, also the root of a thread.
    MessageId;
    /// An earlier wording of a message.
    EditId;
    /// One user's reaction to one message.
    ReactionId;
    /// A notice to one user.
    NotificationId;
    /// A message kept to be sent later.
    ScheduledMessageId;
    /// A reminder to one user.
    ReminderId;
    /// A message begun and not sent.
    DraftId;
    /// An emoji of one workspace.
    EmojiId;
    /// An incoming or outgoing webhook.
    WebhookId;
    /// An uploaded file.
    FileId;
    /// A message or user reported to the moderators.
    FlagId;
    /// A line of the audit log.
    AuditId;
    /// A run of a background job.
    JobId;
    /// An event; the same on every delivery of it.
    EventId;
    /// One live socket.
    SocketId;
    /// One running process of a service.
    NodeId;
}

/// A UUIDv7 at the clock's time; times before 1970 count as 1970.
fn uuid_v7(clock: &dyn Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos()))
}

fn parse_uuid(text: &str) -> Result<Uuid, Invalid> {
    // The parser also takes braces, URNs and bare digits; the length leaves only the hyphenated form.
    const HYPHENATED: usize = 36;
    let parsed = (text.len() == HYPHENATED).then(|| Uuid::try_parse(text).ok()).flatten();
    parsed.ok_or_else(|| Invalid::new("must be an id such as 018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"))
}

struct IdVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = Invalid>> Visitor<'_> for IdVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// The name of one request on its way through the fleet: 1 to 64 of `[A-Za-z0-9._-]`.
///
/// It may come from outside, so it is text and not a UUID; [`RequestId::generate`] makes a UUIDv7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// Longest accepted id, in characters.
    pub const MAX: usize = 64;

    /// Takes an id that a caller sent.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty, longer than 64 or holds anything but `[A-Za-z0-9._-]`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("must be 1 to 64 letters, digits, dots, underscores or hyphens"))
        }
    }

    /// Makes a new id at the clock's time.
    pub fn generate(clock: &dyn Clock) -> Self {
        Self(uuid_v7(clock).to_string())
    }

    /// The id as it stands in headers and logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RequestId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<String> for RequestId {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}
