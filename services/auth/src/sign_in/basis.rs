//! What a proof stands on: a way in that is closed between the proof and the session opens nothing any more.

use colink_core::id::UserId;
use sqlx::PgConnection;

use crate::domain::opaque_token::TokenHash;
use crate::error::AuthError;
use crate::passkeys::assertion;
use crate::password_check::ProvenHash;
use crate::store::oidc_codes;

/// What is looked at again under the lock of the user's row, where every change of the ways in waits.
#[derive(Debug, Clone)]
pub(crate) enum Basis {
    /// Nothing but what was judged.
    Judged,
    /// The password that this hash is of.
    Password(ProvenHash),
    /// The passkey whose authenticator answered.
    Passkey(assertion::Proven),
    /// A code for who came back from a provider, to be spent.
    Code(TokenHash),
}

impl Basis {
    /// Refuses what does not stand any more, and spends what is good once. The user's row must be locked.
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], [`AuthError::PasskeyRefused`], [`AuthError::DeadCode`], and failures of the store.
    pub(super) async fn require(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
    ) -> Result<(), AuthError> {
        match self {
            Self::Judged => Ok(()),
            Self::Password(hash) => hash.require(transaction, user_id).await,
            Self::Passkey(proven) => proven.require(transaction).await,
            Self::Code(code) => {
                let spent = oidc_codes::delete(transaction, *code).await?;
                spent.map(drop).ok_or(AuthError::DeadCode)
            }
        }
    }
}
