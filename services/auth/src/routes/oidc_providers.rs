//! The identity providers of a workspace, for its administrators.
//!
//! A provider signs people in to accounts that reach beyond the workspace. So what it says of addresses and second factors
//! counts only when an administrator of the installation says so, and then only such a one changes it. Kind and issuer never
//! change: identities belong to them.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod update;

use colink_auth::Caller;
use colink_core::error::ErrorKind;
use colink_core::id::WorkspaceId;
use colink_core::permission::{Action, Decision, Standing, decide};
use colink_core::time::Timestamp;
use colink_events::channels::AccessBypassed;
use colink_http::{ApiError, ApiResult};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::config::Kind;
use crate::error::AuthError;
use crate::oidc::provider::Provider;
use crate::oidc::workspace_provider::{self, Change};
use crate::state::State;
use crate::store::oidc_providers::StoredProvider;

/// A provider without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceProvider)]
pub(crate) struct View {
    /// Its name in URLs.
    id: Uuid,
    workspace_id: WorkspaceId,
    kind: Kind,
    #[schema(example = "Acme")]
    name: String,
    #[schema(example = "https://sso.acme.example")]
    issuer: String,
    client_id: String,
    /// Always true: a secret is stored and never shown.
    #[schema(example = true)]
    client_secret_set: bool,
    scopes: Vec<String>,
    allowed_domains: Vec<String>,
    jit: bool,
    trusts_email: bool,
    link_by_address: bool,
    trust_mfa: bool,
    mfa_acr: Vec<String>,
    /// What is to be registered at the provider.
    #[schema(
        example = "https://chat.example.com/api/auth/oidc/018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a/callback"
    )]
    redirect_uri: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl View {
    fn of(state: &State, stored: StoredProvider) -> Result<Self, AuthError> {
        let provider = Provider::of_row(&stored, None)?;
        Ok(Self {
            id: stored.id,
            workspace_id: stored.workspace_id(),
            kind: provider.kind,
            redirect_uri: state.oidc.redirect_uri(&provider),
            client_secret_set: !stored.sealed_client_secret.is_empty(),
            name: stored.name,
            issuer: stored.issuer,
            client_id: stored.client_id,
            scopes: provider.scopes,
            allowed_domains: stored.allowed_domains,
            jit: stored.jit,
            trusts_email: stored.trusts_email,
            link_by_address: stored.link_by_address,
            trust_mfa: stored.trust_mfa,
            mfa_acr: stored.mfa_acr,
            created_at: stored.created_at.into(),
            updated_at: stored.updated_at.into(),
        })
    }
}

/// An administrator of the workspace, or one of the installation who passes without being a member.
#[must_use = "a bypass has to be audited"]
pub(super) struct Permit {
    workspace_id: WorkspaceId,
    bypass: bool,
}

/// Lets those in who may change the workspace. Channels decides about roles, at this moment, and says whether there is such a
/// workspace. One that asks for a second factor is closed to sessions that were not proven by one.
async fn admit(state: &State, caller: &Caller, workspace_id: WorkspaceId) -> ApiResult<Permit> {
    let member = state.peers.member(workspace_id, caller.user_id()).await?;
    let closed = member.as_ref().is_some_and(|member| member.require_mfa) && !caller.has_second_factor();
    let role = member.map(|member| member.role);
    let standing = Standing::in_workspace(caller.realm_admin(), role, caller.scopes());
    match decide(&standing, Action::UpdateWorkspace) {
        decision if closed && decision.is_allowed() => Err(ApiError::of(ErrorKind::MfaRequired)),
        Decision::Allow => Ok(Permit { workspace_id, bypass: false }),
        Decision::AllowAsRealmAdmin if state.peers.has_workspace(workspace_id).await? => {
            Ok(Permit { workspace_id, bypass: true })
        }
        Decision::AllowAsRealmAdmin => Err(no_workspace()),
        Decision::Forbid => Err(ApiError::forbidden("Only administrators of the workspace may do this.")),
        Decision::Hide => Err(ApiError::not_found("workspace")),
    }
}

/// For those who would be let in.
fn no_workspace() -> ApiError {
    ApiError::not_found("workspace")
        .with_field("workspace_id", "is that of no workspace, or of one that was deleted")
}

impl Permit {
    /// Tells that a realm admin passed without membership, if that is how he was let in.
    async fn audit(
        &self,
        state: &State,
        transaction: &mut PgConnection,
        caller: &Caller,
    ) -> Result<(), AuthError> {
        if !self.bypass {
            return Ok(());
        }
        let event = AccessBypassed {
            workspace_id: Some(self.workspace_id),
            channel_id: None,
            action: Action::UpdateWorkspace.as_str().to_owned(),
            user_id: caller.user_id(),
            at: state.clock.timestamp(),
        };
        state.emit(transaction, &event, &caller.cause()).await
    }
}

/// Tells of a change by the caller.
async fn announce(
    state: &State,
    transaction: &mut PgConnection,
    caller: &Caller,
    provider: &StoredProvider,
    word: &'static str,
) -> Result<(), AuthError> {
    let change = Change { by: caller.user_id(), cause: &caller.cause() };
    workspace_provider::announce(state, transaction, provider, &change, word).await
}

/// Refuses to change a provider that the installation trusts, unless the caller administers the installation.
fn check_trust(caller: &Caller, trusted: bool) -> ApiResult<()> {
    if trusted && !caller.realm_admin() {
        return Err(ApiError::forbidden(
            "Only administrators of the installation may trust a provider with addresses or second factors, and \
             change one that is trusted.",
        ));
    }
    Ok(())
}
