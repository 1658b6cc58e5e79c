//! Becoming known, and proving it: registration, login, tokens.

pub(crate) mod change_password;
pub(crate) mod forgot_password;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod reset_password;
pub(crate) mod set_password;
pub(crate) mod signed_in;
pub(crate) mod verify_email;

use serde::Serialize;
use utoipa::ToSchema;

/// The same answer whether the address is known or not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailOnItsWay {
    /// Always `verification_sent`.
    #[schema(example = "verification_sent")]
    status: &'static str,
}

impl MailOnItsWay {
    const SENT: Self = Self { status: "verification_sent" };
}
