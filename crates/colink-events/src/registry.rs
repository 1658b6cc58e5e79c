//! Every event the system knows, by type and version.

use colink_core::id::WorkspaceId;
use serde_json::value::RawValue;

use crate::channels as c;
use crate::envelope::{Envelope, OpenError, SealError};
use crate::event::Event;
use crate::files as f;
use crate::messages as m;
use crate::moderation as o;
use crate::topic::Topic;
use crate::users as u;

/// One type and version of event.
#[derive(Debug, Clone, Copy)]
pub struct EventSpec {
    /// [`Event::TYPE`].
    pub kind: &'static str,
    /// [`Event::VERSION`].
    pub version: u16,
    /// [`Event::TOPIC`].
    pub topic: Topic,
    /// [`Event::MIRRORED`].
    pub mirrored: bool,
    open: fn(&Envelope) -> Result<Opened, OpenError>,
}

/// What a payload says of itself, read without naming its type.
#[derive(Debug)]
pub struct Opened {
    /// [`Event::key`].
    pub key: String,
    /// [`Event::workspace_id`].
    pub workspace_id: Option<WorkspaceId>,
    /// [`Event::seq`].
    pub seq: Option<i64>,
    /// The payload as this build writes it.
    pub data: Result<Box<RawValue>, SealError>,
}

impl EventSpec {
    const fn of<E: Event>() -> Self {
        Self { kind: E::TYPE, version: E::VERSION, topic: E::TOPIC, mirrored: E::MIRRORED, open: open::<E> }
    }

    /// The event of this type and version.
    pub fn find(kind: &str, version: u16) -> Option<&'static Self> {
        EVENTS.iter().find(|spec| spec.kind == kind && spec.version == version)
    }

    /// Opens an envelope of this type, for tools that handle every event alike: redrive and replay need
    /// its key.
    ///
    /// # Errors
    /// [`OpenError`] when it is another event, or its payload cannot be read.
    pub fn open(&self, envelope: &Envelope) -> Result<Opened, OpenError> {
        (self.open)(envelope)
    }
}

fn open<E: Event>(envelope: &Envelope) -> Result<Opened, OpenError> {
    let event = envelope.open::<E>()?;
    Ok(Opened {
        key: event.key(),
        workspace_id: event.workspace_id(),
        seq: event.seq(),
        data: serde_json::value::to_raw_value(&event).map_err(SealError::from),
    })
}

/// Every event, stream by stream.
pub static EVENTS: &[EventSpec] = &[
    EventSpec::of::<m::MessageCreated>(),
    EventSpec::of::<m::MessageUpdated>(),
    EventSpec::of::<m::MessageDeleted>(),
    EventSpec::of::<m::ReactionAdded>(),
    EventSpec::of::<m::ReactionRemoved>(),
    EventSpec::of::<m::ThreadUpdated>(),
    EventSpec::of::<m::PinAdded>(),
    EventSpec::of::<m::PinRemoved>(),
    EventSpec::of::<c::WorkspaceCreated>(),
    EventSpec::of::<c::WorkspaceUpdated>(),
    EventSpec::of::<c::WorkspaceDeleted>(),
    EventSpec::of::<c::MemberInvited>(),
    EventSpec::of::<c::MemberJoined>(),
    EventSpec::of::<c::MemberRoleChanged>(),
    EventSpec::of::<c::MemberLeft>(),
    EventSpec::of::<c::MemberRemoved>(),
    EventSpec::of::<c::ChannelCreated>(),
    EventSpec::of::<c::ChannelUpdated>(),
    EventSpec::of::<c::ChannelArchived>(),
    EventSpec::of::<c::ChannelUnarchived>(),
    EventSpec::of::<c::ChannelMemberAdded>(),
    EventSpec::of::<c::ChannelMemberRemoved>(),
    EventSpec::of::<c::ChannelMemberRoleChanged>(),
    EventSpec::of::<c::DmCreated>(),
    EventSpec::of::<c::AccessBypassed>(),
    EventSpec::of::<u::UserRegistered>(),
    EventSpec::of::<u::UserVerified>(),
    EventSpec::of::<u::UserUpdated>(),
    EventSpec::of::<u::UserSuspended>(),
    EventSpec::of::<u::UserUnsuspended>(),
    EventSpec::of::<u::UserDeactivated>(),
    EventSpec::of::<u::UserReactivated>(),
    EventSpec::of::<u::UserRolesChanged>(),
    EventSpec::of::<u::UserErased>(),
    EventSpec::of::<u::SessionStarted>(),
    EventSpec::of::<u::SessionRevoked>(),
    EventSpec::of::<u::SessionDowngraded>(),
    EventSpec::of::<u::LoginFailed>(),
    EventSpec::of::<u::AccountLocked>(),
    EventSpec::of::<u::TokenReused>(),
    EventSpec::of::<u::PasswordChanged>(),
    EventSpec::of::<u::PasskeyAdded>(),
    EventSpec::of::<u::PasskeyRemoved>(),
    EventSpec::of::<u::PasskeyCloned>(),
    EventSpec::of::<u::SigningKeyRotated>(),
    EventSpec::of::<u::ProviderLinked>(),
    EventSpec::of::<u::ProviderUnlinked>(),
    EventSpec::of::<u::UserProvisioned>(),
    EventSpec::of::<u::SsoProviderChanged>(),
    EventSpec::of::<u::ApiKeyCreated>(),
    EventSpec::of::<u::ApiKeyRotated>(),
    EventSpec::of::<u::ApiKeyRevoked>(),
    EventSpec::of::<u::ApiKeyUsed>(),
    EventSpec::of::<u::BotCreated>(),
    EventSpec::of::<u::MfaEnabled>(),
    EventSpec::of::<u::MfaDisabled>(),
    EventSpec::of::<u::RecoveryCodeUsed>(),
    EventSpec::of::<u::RecoveryCodesRegenerated>(),
    EventSpec::of::<u::MfaPolicyUpdated>(),
    EventSpec::of::<u::ExportRequested>(),
    EventSpec::of::<u::ExportOpened>(),
    EventSpec::of::<u::JobRequeued>(),
    EventSpec::of::<f::FileUploaded>(),
    EventSpec::of::<f::FileScanned>(),
    EventSpec::of::<f::FileDeleted>(),
    EventSpec::of::<o::ModerationAction>(),
    EventSpec::of::<o::ModerationFlagged>(),
];

/// The types that the relay also copies to a topic of their own, each once.
pub fn mirrored_types() -> impl Iterator<Item = &'static str> {
    let earlier = |spec: &EventSpec| EVENTS.iter().position(|other| other.kind == spec.kind);
    let mirrored = EVENTS.iter().enumerate().filter(|(_, spec)| spec.mirrored);
    mirrored.filter(move |(index, spec)| earlier(spec) == Some(*index)).map(|(_, spec)| spec.kind)
}
