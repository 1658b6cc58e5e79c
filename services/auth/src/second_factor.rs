//! What somebody proves besides his password.

use colink_core::id::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::error::AuthError;
use crate::state::State;

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "none can be enrolled yet")]
pub(crate) enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// One of the codes that were handed out with the first factor.
    RecoveryCode,
}

/// What a sign-in waits for.
#[derive(Debug)]
pub(crate) struct Challenge {
    /// Names the sign-in that waits.
    pub(crate) ticket: OpaqueToken,
    /// What is taken.
    pub(crate) methods: Vec<Method>,
}

/// The second factors that the user has.
///
/// # Errors
/// Failures of the store.
pub(crate) async fn methods(_state: &State, _user_id: UserId) -> Result<Vec<Method>, AuthError> {
    Ok(Vec::new())
}
