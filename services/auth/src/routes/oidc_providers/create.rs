//! `POST /auth/oidc/workspaces/{workspace_id}/providers`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::error::Invalid;
use colink_core::id::{ProviderId, WorkspaceId};
use colink_http::validate::{all, field, require};
use colink_http::{ApiError, ApiResult, Body, Path, Reply, Success};
use secrecy::{ExposeSecret, SecretString};

use super::{View, admit, announce, check_trust, no_workspace};
use crate::config::Kind;
use crate::error::AuthError;
use crate::oidc::draft::{Changes, Draft};
use crate::reauthentication;
use crate::state::State;
use crate::store::oidc_providers::{self, NewProvider};

/// Providers of one workspace.
const PROVIDERS_MAX: i64 = 10;

/// Add an identity provider to a workspace
///
/// For administrators of the workspace, who have proven lately who they are.
#[utoipa::path(
    post,
    path = "/auth/oidc/workspaces/{workspace_id}/providers",
    operation_id = "create_workspace_provider",
    tag = "oidc",
    params(("workspace_id" = WorkspaceId, Path, description = "The workspace.")),
    request_body(content = Changes, example = json!({
        "kind": "oidc", "issuer": "https://sso.acme.example", "name": "Acme", "client_id": "colink",
        "client_secret": "8Q~secret", "allowed_domains": ["acme.example"], "jit": true
    })),
    responses((status = 201, description = "Added.", body = Success<View>))
)]
pub(crate) async fn create_workspace_provider(
    state: Data<State>,
    caller: Caller,
    Path(workspace_id): Path<WorkspaceId>,
    Body(request): Body<Changes>,
) -> ApiResult<Reply<View>> {
    let permit = admit(&state, &caller, workspace_id).await?;
    reauthentication::require(&state, &caller).await?;
    let (kind, issuer, secret, draft) = checked(&state, request)?;
    check_trust(&caller, draft.is_trusted())?;

    let id = ProviderId::generate(state.clock.as_ref()).as_uuid();
    let sealed = state.sealer.seal(&oidc_providers::SEALED.context(id), secret.expose_secret().as_bytes());
    let sealed = sealed.map_err(AuthError::from)?;
    let mut transaction = state.begin().await?;
    permit.audit(&state, &mut transaction, &caller).await?;
    oidc_providers::lock_list(&mut transaction, workspace_id).await?;
    if oidc_providers::count(&mut transaction, workspace_id).await? >= PROVIDERS_MAX {
        return Err(ApiError::conflict(format!("A workspace has at most {PROVIDERS_MAX} providers.")));
    }
    // Under the lock, so that the end of the workspace does not leave this provider behind: see consumers/workspace_deleted.rs.
    if !state.peers.has_workspace(workspace_id).await? {
        return Err(no_workspace());
    }
    let new = NewProvider::of(id, workspace_id, kind, &issuer, &draft, Some(&sealed), state.clock.now());
    let stored = oidc_providers::upsert(&mut transaction, &new).await?;
    announce(&state, &mut transaction, &caller, &stored, "created").await?;
    state.commit(transaction).await?;
    Ok(Reply::created(View::of(&state, stored)?))
}

fn checked(state: &State, request: Changes) -> ApiResult<(Kind, String, SecretString, Draft)> {
    let usual = request.kind.and_then(Kind::usual_issuer).map(str::to_owned);
    let issuer = request.issuer.clone().or(usual).ok_or_else(Invalid::required);
    let issuer = issuer.and_then(|issuer| match state.oidc.check_workspace_issuer(&issuer) {
        Ok(()) => Ok(issuer),
        Err(refused) => Err(Invalid::new(refused.to_string())),
    });
    let (kind, issuer, (), (), secret) = all((
        field("kind", request.kind.ok_or_else(Invalid::required)),
        field("issuer", issuer),
        require("name", request.name.is_some(), "is required"),
        require("client_id", request.client_id.is_some(), "is required"),
        field("client_secret", request.client_secret.clone().ok_or_else(Invalid::required)),
    ))?;
    let draft = Draft::default().change(kind, request)?;
    Ok((kind, issuer, secret, draft))
}
