//! What somebody proves besides his password.

pub(crate) mod codes;
pub(crate) mod enrolment;
pub(crate) mod policy;
pub(crate) mod ticket;

use colink_core::id::UserId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::store::{passkeys, recovery_codes, totp_secrets};

/// The word of RFC 8176 in `amr` for a session that was proven by more than one factor.
pub(crate) const MULTIPLE: &str = "mfa";

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SecondFactorMethod)]
pub(crate) enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// One of the codes that were handed out with the first factor.
    RecoveryCode,
}

impl Method {
    /// The word in events and answers.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// What a sign-in waits for.
#[derive(Debug)]
pub(crate) struct Challenge {
    /// Names the sign-in that waits.
    pub(crate) ticket: OpaqueToken,
    /// What is taken.
    pub(crate) methods: Vec<Method>,
}

/// The second factors that the user has; recovery codes are none by themselves.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn methods(
    connection: &mut PgConnection,
    user_id: UserId,
) -> Result<Vec<Method>, AuthError> {
    let mut methods = Vec::new();
    if totp_secrets::find_enabled(&mut *connection, user_id).await?.is_some() {
        methods.push(Method::Totp);
    }
    if passkeys::count(&mut *connection, user_id).await? > 0 {
        methods.push(Method::Passkey);
    }
    if !methods.is_empty() && recovery_codes::count(&mut *connection, user_id).await? > 0 {
        methods.push(Method::RecoveryCode);
    }
    Ok(methods)
}
