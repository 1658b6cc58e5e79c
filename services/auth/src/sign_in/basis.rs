//! What a proof stands on: a way in that is closed between the proof and the session opens nothing any more.

use colink_core::id::UserId;
use sqlx::PgConnection;

use crate::domain::opaque_token::TokenHash;
use crate::error::AuthError;
use crate::passkeys::assertion;
use crate::password_check::ProvenHash;
use crate::store::{identities, oidc_codes};

/// What is looked at again under the lock of the user's row, where the changes of his ways in wait. The end of a workspace's
/// provider does not, so what it deletes is held by rows of its own.
#[derive(Debug, Clone)]
pub(crate) enum Basis {
    /// The password that this hash is of.
    Password(ProvenHash),
    /// The passkey whose authenticator answered.
    Passkey(assertion::Proven),
    /// The link of an identity that a provider vouches for.
    Identity {
        /// The provider's key.
        provider: String,
        /// The name there.
        subject: String,
    },
    /// A code for who came back from a provider, to be spent.
    Code(TokenHash),
}

impl Basis {
    /// See [`Proof::require`](super::Proof::require).
    pub(super) async fn require(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
    ) -> Result<(), AuthError> {
        match self {
            Self::Password(hash) => hash.require(transaction, user_id).await,
            Self::Passkey(proven) => proven.require(transaction).await,
            Self::Identity { provider, subject } => {
                let owner = identities::hold(transaction, provider, subject).await?;
                if owner == Some(user_id) { Ok(()) } else { Err(AuthError::Unlinked) }
            }
            Self::Code(code) => {
                let spent = oidc_codes::delete(transaction, *code).await?;
                spent.map(drop).ok_or(AuthError::DeadCode)
            }
        }
    }
}
