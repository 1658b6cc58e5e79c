//! How somebody proved who he is, and what a session stands on by that.

use chrono::{DateTime, Utc};
use colink_core::id::UserId;
use sqlx::PgConnection;

use super::basis::Basis;
use crate::domain::opaque_token::TokenHash;
use crate::error::AuthError;
use crate::passkeys::{HARDWARE, PRESENCE, assertion};
use crate::password_check::ProvenHash;
use crate::second_factor::{MULTIPLE, Method};

/// The method of whoever was sent here by an identity provider.
pub(crate) const PROVIDER: &str = "oidc";

/// How somebody proved who he is.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    /// The word in the event `session.started`.
    pub(crate) method: &'static str,
    /// The claim `amr` (RFC 8176).
    pub(crate) amr: Vec<&'static str>,
    /// Whether this was two factors already.
    pub(crate) second_factor: bool,
    /// When it was proven; `None` for now, with the beginning of the session.
    pub(crate) authenticated_at: Option<DateTime<Utc>>,
    basis: Basis,
}

impl Proof {
    /// A password, and nothing else.
    pub(crate) fn password(hash: ProvenHash) -> Self {
        let basis = Basis::Password(hash);
        Self { method: "password", amr: vec!["pwd"], second_factor: false, authenticated_at: None, basis }
    }

    /// The word of an identity provider for an identity that is linked, and whether it counts for two factors. It is as old as
    /// the sign-in there: whoever presents a token has proven nothing by that.
    pub(crate) fn identity(
        provider: &str,
        subject: &str,
        second_factor: bool,
        authenticated_at: DateTime<Utc>,
    ) -> Self {
        let (provider, subject) = (provider.to_owned(), subject.to_owned());
        let proof = Self::of_provider(second_factor, Basis::Identity { provider, subject });
        Self { authenticated_at: Some(authenticated_at), ..proof }
    }

    /// The same by a code that the provider's word was kept under; it is spent with the beginning of the session.
    pub(crate) fn code(code: TokenHash, second_factor: bool) -> Self {
        Self::of_provider(second_factor, Basis::Code(code))
    }

    /// `fed` is no word of the registry, which has none for this.
    fn of_provider(second_factor: bool, basis: Basis) -> Self {
        let amr = if second_factor { vec!["fed", MULTIPLE] } else { vec!["fed"] };
        Self { method: PROVIDER, amr, second_factor, authenticated_at: None, basis }
    }

    /// A passkey, and nothing else: what somebody has, and, if its authenticator verified him, what he knows or is.
    pub(crate) fn passkey(proven: assertion::Proven) -> Self {
        let amr = vec![HARDWARE, if proven.user_verified { MULTIPLE } else { PRESENCE }];
        let basis = Basis::Passkey(proven);
        Self { method: "passkey", amr, second_factor: proven.user_verified, authenticated_at: None, basis }
    }

    /// Refuses a proof by a way in that was closed since, and spends what is good once. The user's row must be locked.
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], [`AuthError::PasskeyRefused`], [`AuthError::Unlinked`], [`AuthError::DeadCode`], and
    /// failures of the store.
    pub(crate) async fn require(
        &self,
        transaction: &mut PgConnection,
        user_id: UserId,
    ) -> Result<(), AuthError> {
        self.basis.require(transaction, user_id).await
    }
}

/// What a session stands on: what was proven first and, where it was asked for, second.
#[derive(Debug)]
pub(crate) struct Grounds {
    pub(super) method: String,
    pub(super) amr: Vec<String>,
    pub(super) second_factor: Option<Method>,
    pub(super) authenticated_at: Option<DateTime<Utc>>,
}

impl Grounds {
    /// A first factor (its method, its `amr` and when it was proven, if not now) and a second one (its kind and what it adds to
    /// `amr`).
    pub(crate) fn of_two(
        method: String,
        mut amr: Vec<String>,
        authenticated_at: Option<DateTime<Utc>>,
        second: Method,
        words: &[&str],
    ) -> Self {
        for word in words.iter().copied().chain([MULTIPLE]) {
            if !amr.iter().any(|known| known == word) {
                amr.push(word.to_owned());
            }
        }
        Self { method, amr, second_factor: Some(second), authenticated_at }
    }
}

impl From<Proof> for Grounds {
    fn from(proof: Proof) -> Self {
        let mut amr: Vec<String> = proof.amr.into_iter().map(str::to_owned).collect();
        if proof.second_factor && !amr.iter().any(|word| word == MULTIPLE) {
            amr.push(MULTIPLE.to_owned());
        }
        let Proof { method, authenticated_at, .. } = proof;
        Self { method: method.to_owned(), amr, second_factor: None, authenticated_at }
    }
}
