//! `PUT /auth/oidc/workspaces/{workspace_id}/providers/{provider_id}`.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::{ProviderId, WorkspaceId};
use colink_http::validate::{all, require};
use colink_http::{ApiError, ApiResult, Body, Path, Reply, Success};
use secrecy::ExposeSecret;

use super::{View, admit, announce, check_trust};
use crate::error::AuthError;
use crate::oidc::draft::{Changes, Draft};
use crate::oidc::provider::Provider;
use crate::reauthentication;
use crate::state::State;
use crate::store::oidc_providers::{self, NewProvider};

/// Change an identity provider of a workspace
///
/// What is left out stays, the secret too. Kind and issuer never change: add another provider instead. Whoever begins to trust a
/// provider sends `allowed_domains` and `client_id` along, and `mfa_acr` for `trust_mfa`: what he checked, and not what an
/// administrator of the workspace made of it meanwhile.
#[utoipa::path(
    put,
    path = "/auth/oidc/workspaces/{workspace_id}/providers/{provider_id}",
    operation_id = "update_workspace_provider",
    tag = "oidc",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace."),
        ("provider_id" = ProviderId, Path, description = "The provider.")
    ),
    request_body(content = Changes, example = json!({"name": "Acme", "client_secret": "9R~secret"})),
    responses((status = 200, description = "As it is now.", body = Success<View>))
)]
pub(crate) async fn update_workspace_provider(
    state: Data<State>,
    caller: Caller,
    Path((workspace_id, provider_id)): Path<(WorkspaceId, ProviderId)>,
    Body(changes): Body<Changes>,
) -> ApiResult<Reply<View>> {
    let permit = admit(&state, &caller, workspace_id).await?;
    reauthentication::require(&state, &caller).await?;
    let id = provider_id.as_uuid();
    let sealed = match &changes.client_secret {
        Some(secret) => {
            let sealed =
                state.sealer.seal(&oidc_providers::SEALED.context(id), secret.expose_secret().as_bytes());
            Some(sealed.map_err(AuthError::from)?)
        }
        None => None,
    };
    let mut transaction = state.begin().await?;
    permit.audit(&state, &mut transaction, &caller).await?;
    let stored = oidc_providers::lock(&mut transaction, workspace_id, id).await?;
    let stored = stored.ok_or_else(|| ApiError::not_found("provider"))?;
    let provider = Provider::of_row(&stored, None)?;
    all((
        require("kind", changes.kind.is_none_or(|kind| kind == provider.kind), "cannot be changed"),
        require(
            "issuer",
            changes.issuer.as_ref().is_none_or(|issuer| *issuer == stored.issuer),
            "cannot be changed",
        ),
    ))?;
    let left_out = changes.left_out();
    let draft = Draft::of(&stored).change(provider.kind, changes)?;
    check_trust(&caller, draft.is_trusted() || stored.is_trusted())?;
    if draft.is_trusted() && !stored.is_trusted() {
        draft.check_stated(&left_out)?;
    }
    let now = state.clock.now();
    let new =
        NewProvider::of(id, workspace_id, provider.kind, &stored.issuer, &draft, sealed.as_deref(), now);
    let stored = oidc_providers::upsert(&mut transaction, &new).await?;
    announce(&state, &mut transaction, &caller, &stored, "updated").await?;
    state.commit(transaction).await?;
    Ok(Reply::ok(View::of(&state, stored)?))
}
