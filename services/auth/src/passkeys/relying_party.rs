//! This installation as authenticators know it, and the only user of `webauthn-rs-core`.
//!
//! The core and not the wrapper around it, see ADR 0021: what is asked of an authenticator differs by purpose, and a
//! stored passkey is read under a lock when the answer comes, not when the challenge is made.

use std::ops::RangeInclusive;
use std::sync::Arc;

use colink_runtime::BoxError;
use serde::Deserialize;
use sqlx::types::Json;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AuthenticationState, AuthenticatorTransport, Credential, ParsedAttestation,
    PublicKeyCredential, PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions,
    RegisterPublicKeyCredential, RegisteredExtensions, RegistrationState, RequestRegistrationExtensions,
    ResidentKeyRequirement, UserVerificationPolicy,
};

use super::LIFETIME;
use crate::config::PasskeysConfig;
use crate::store::passkeys::{Passkey, Traits};
use crate::store::users::User;

/// `PublicKeyCredentialCreationOptionsJSON` of the WebAuthn specification.
pub(crate) type CreationOptions = PublicKeyCredentialCreationOptions;
/// `PublicKeyCredentialRequestOptionsJSON` of the WebAuthn specification.
pub(crate) type RequestOptions = PublicKeyCredentialRequestOptions;

/// WebAuthn level 3, section 4.
const CREDENTIAL_ID_BYTES: RangeInclusive<usize> = 1..=1023;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RelyingParty {
    core: Arc<WebauthnCore>,
}

/// What an authenticator proved, and how its passkey stands since.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assertion {
    /// Whether it checked who holds it: then this was two factors.
    pub(crate) user_verified: bool,
    pub(crate) sign_count: u32,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

/// Why an authenticator's answer is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// It signed with a counter that was used before: there are two of it.
    #[error("the signature counter went back")]
    Cloned,
    /// The credential's id is not the one that the authenticator speaks of.
    #[error("the answer names another credential than its authenticator data")]
    OtherCredential,
    /// Its credential's id is empty or longer than the specification allows.
    #[error("the credential's id has a length that no authenticator gives")]
    OddCredential,
    /// A page inside a page of somebody else asked.
    #[error("the answer was given in a frame of another origin")]
    CrossOrigin,
    /// Everything else.
    #[error(transparent)]
    Unsound(WebauthnError),
}

impl From<WebauthnError> for Refusal {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::Cloned,
            WebauthnError::CredentialCrossOrigin => Self::CrossOrigin,
            other => Self::Unsound(other),
        }
    }
}

/// The part of the client data that the core does not look at in assertions.
#[derive(Deserialize)]
struct Framing {
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

impl RelyingParty {
    /// # Errors
    /// When an origin is no URL.
    pub(crate) fn new(config: &PasskeysConfig) -> Result<Self, BoxError> {
        let origins =
            config.origins.iter().map(|origin| Url::parse(origin)).collect::<Result<Vec<_>, _>>()?;
        let (subdomains, any_port) = (Some(false), Some(false));
        let core = WebauthnCore::new_unsafe_experts_only(
            &config.rp_name,
            &config.rp_id,
            origins,
            LIFETIME,
            subdomains,
            any_port,
        );
        Ok(Self { core: Arc::new(core) })
    }

    /// Options for a passkey that the authenticator finds by itself and that checks who holds it, as far as it can: a
    /// plain security key is good as a second factor. `known` are those that the user has; their authenticators
    /// decline.
    ///
    /// # Errors
    /// [`Refusal::Unsound`] when the user has no name.
    pub(crate) fn begin_registration(
        &self,
        user: &User,
        known: &[Passkey],
    ) -> Result<(CreationOptions, RegistrationState), Refusal> {
        let handle = user.id().as_uuid();
        let extensions = RequestRegistrationExtensions {
            cred_protect: None,
            uvm: None,
            cred_props: Some(true),
            min_pin_length: None,
            hmac_create_secret: None,
        };
        let builder = self
            .core
            .new_challenge_register_builder(handle.as_bytes(), &user.username, &user.display_name)?
            .user_verification_policy(UserVerificationPolicy::Preferred)
            .exclude_credentials(Some(known.iter().map(|passkey| passkey.credential_id.clone()).collect()))
            .extensions(Some(extensions));
        let (challenge, state) = self.core.generate_challenge_register(builder)?;
        let mut options = challenge.public_key;
        // The core offers `required` and `discouraged` only, and enforces neither: browsers do.
        if let Some(selection) = &mut options.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
        }
        Ok((options, state))
    }

    /// The traits of a new passkey.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn finish_registration(
        &self,
        answer: &RegisterPublicKeyCredential,
        state: &RegistrationState,
    ) -> Result<Traits, Refusal> {
        let credential = self.core.register_credential(answer, state, None)?;
        if credential.cred_id != answer.raw_id {
            return Err(Refusal::OtherCredential);
        }
        if !CREDENTIAL_ID_BYTES.contains(&credential.cred_id.len()) {
            return Err(Refusal::OddCredential);
        }
        Ok(Traits {
            credential_id: credential.cred_id,
            public_key: Json(credential.cred),
            sign_count: credential.counter.into(),
            transports: transports(answer),
            user_verified: credential.user_verified,
            discoverable: answer.extensions.cred_props.as_ref().and_then(|props| props.rk),
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backup_state,
        })
    }

    /// Options to prove the possession of one of `allowed`, or of any passkey when there are none. `verified`: only an
    /// authenticator that checks who holds it will do.
    ///
    /// # Errors
    /// [`Refusal::Unsound`], which does not happen.
    pub(crate) fn begin_assertion(
        &self,
        allowed: &[Passkey],
        verified: bool,
    ) -> Result<(RequestOptions, AuthenticationState), Refusal> {
        let policy =
            if verified { UserVerificationPolicy::Required } else { UserVerificationPolicy::Preferred };
        let allowed: Vec<Credential> = allowed.iter().map(credential).collect();
        let builder = self.core.new_challenge_authenticate_builder(allowed, Some(policy))?;
        // Whether a passkey may be copied can change with an update of the authenticator.
        let builder = builder.allow_backup_eligible_upgrade(true);
        let (challenge, mut state) = self.core.generate_challenge_authenticate(builder)?;
        state.set_allowed_credentials(Vec::new());
        Ok((challenge.public_key, state))
    }

    /// What the authenticator of `passkey` proved.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn finish_assertion(
        &self,
        answer: &PublicKeyCredential,
        state: &AuthenticationState,
        passkey: &Passkey,
    ) -> Result<Assertion, Refusal> {
        let framing: Framing = serde_json::from_slice(&answer.response.client_data_json)
            .map_err(WebauthnError::ParseJSONFailure)?;
        if framing.cross_origin {
            return Err(Refusal::CrossOrigin);
        }
        let proven = self.core.authenticate_single_credential(answer, state, &credential(passkey))?;
        Ok(Assertion {
            user_verified: proven.user_verified(),
            sign_count: proven.counter(),
            backup_eligible: proven.backup_eligible(),
            backed_up: proven.backup_state(),
        })
    }
}

/// A stored passkey in the core's words. `registration_policy` makes the core hold one that verified its user at
/// registration to that for ever.
fn credential(passkey: &Passkey) -> Credential {
    let transports: Vec<AuthenticatorTransport> =
        passkey.transports.iter().filter_map(|name| name.parse().ok()).collect();
    Credential {
        cred_id: passkey.credential_id.clone(),
        cred: passkey.public_key.0.clone(),
        counter: u32::try_from(passkey.sign_count).unwrap_or(u32::MAX),
        transports: (!transports.is_empty()).then_some(transports),
        user_verified: passkey.user_verified,
        backup_eligible: passkey.backup_eligible,
        backup_state: passkey.backed_up,
        registration_policy: UserVerificationPolicy::Preferred,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    }
}

/// The names that the specification knows, each once. They are hints for the next dialog; nothing depends on them.
fn transports(answer: &RegisterPublicKeyCredential) -> Vec<String> {
    use AuthenticatorTransport as T;
    let given = answer.response.transports.iter().flatten();
    let known = given.filter(|transport| !matches!(transport, T::Unknown | T::Test));
    let mut names: Vec<String> = known.map(ToString::to_string).collect();
    names.sort_unstable();
    names.dedup();
    names
}
