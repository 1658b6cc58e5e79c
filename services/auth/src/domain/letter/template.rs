//! The list of mails. The name of each is that of its files, and stands in the queue.

use serde::{Deserialize, Serialize};

macro_rules! templates {
    ($($(#[$doc:meta])* $template:ident = $name:literal, $subject:literal;)+) => {
        /// What a mail is about. The name is stored in the queue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub(crate) enum Template {
            $($(#[$doc])* $template,)+
        }

        impl Template {
            /// Every mail there is.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$template),+];

            /// The name in the queue, in metrics and in previews.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$template => $name,)+ }
            }

            /// The subject of the mail.
            pub(crate) fn subject(self) -> &'static str {
                match self { $(Self::$template => $subject,)+ }
            }

            /// The texts with their placeholders: plain, HTML.
            pub(super) fn bodies(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$template => (
                        include_str!(concat!($name, ".txt")),
                        include_str!(concat!($name, ".html")),
                    ),)+
                }
            }
        }
    };
}

templates! {
    /// Prove that this address is yours.
    VerifyEmail = "verify_email", "Confirm your mail address";
    /// Somebody registered with an address that has an account.
    AlreadyRegistered = "already_registered", "You already have an account";
    /// Set a new password.
    ResetPassword = "reset_password", "Set a new password";
    /// The password was changed or set.
    PasswordChanged = "password_changed", "Your password was changed";
    /// The account got a passkey.
    PasskeyAdded = "passkey_added", "A passkey was added";
    /// The account lost a passkey.
    PasskeyRemoved = "passkey_removed", "A passkey was removed";
    /// A second factor was put in use.
    MfaEnabled = "mfa_enabled", "A second factor was added to your account";
    /// A second factor was given up.
    MfaDisabled = "mfa_disabled", "A second factor was removed from your account";
    /// An administrator took the second factors away.
    MfaReset = "mfa_reset", "Your second factors were removed";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery_code_used", "A recovery code was used";
    /// A recovery code was used, and few are left.
    RecoveryCodesLow = "recovery_codes_low", "Few recovery codes are left";
    /// There are new recovery codes.
    RecoveryCodesRegenerated = "recovery_codes_regenerated", "New recovery codes";
    /// Somebody signed in from a device that was not used before.
    NewSignIn = "new_sign_in", "New sign-in to your account";
    /// An administrator changed the realm roles.
    RolesChanged = "roles_changed", "Your roles were changed";
    /// An administrator opened the account again.
    AccountReactivated = "account_reactivated", "Your account is open again";
    /// A provider signs in to the account from now on.
    ProviderLinked = "provider_linked", "A sign-in provider was linked to your account";
    /// And not any more.
    ProviderUnlinked = "provider_unlinked", "A sign-in provider was unlinked from your account";
    /// The export of his data can be fetched.
    ExportReady = "export_ready", "Your export is ready";
}

impl Template {
    /// Reads a name of the queue.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|template| template.name() == name)
    }
}

impl From<Template> for &'static str {
    fn from(template: Template) -> Self {
        template.name()
    }
}

/// The name is of another build.
#[derive(Debug, thiserror::Error)]
#[error("there is no mail `{0}`")]
pub(crate) struct UnknownTemplate(String);

impl TryFrom<String> for Template {
    type Error = UnknownTemplate;

    fn try_from(name: String) -> Result<Self, UnknownTemplate> {
        Self::from_name(&name).ok_or(UnknownTemplate(name))
    }
}
