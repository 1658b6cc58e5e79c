//! `colink.users`: accounts and their security. The key is the user.
//!
//! No event holds a mail address, a password or a token.

mod account;
mod api_keys;
mod exports;
mod jobs;
mod passkeys;
mod providers;
mod second_factor;
mod security;

pub use account::{
    UserDeactivated, UserErased, UserPayload, UserReactivated, UserRegistered, UserRolesChanged, UserStatus,
    UserSuspended, UserUnsuspended, UserUpdated, UserVerified,
};
pub use api_keys::{ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated, ApiKeyUsed, BotCreated};
pub use exports::{ExportOpened, ExportRequested};
pub use jobs::JobRequeued;
pub use passkeys::{PasskeyAdded, PasskeyCloned, PasskeyRemoved};
pub use providers::{ProviderLinked, ProviderUnlinked, SsoProviderChanged, UserProvisioned};
pub use second_factor::{
    MfaDisabled, MfaEnabled, MfaPolicyUpdated, RecoveryCodeUsed, RecoveryCodesRegenerated,
};
pub use security::{
    AccountLocked, LoginFailed, PasswordChanged, SessionDowngraded, SessionRevoked, SessionStarted,
    SigningKeyRotated, TokenReused,
};
