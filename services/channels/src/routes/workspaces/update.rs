//! `PUT /workspaces/{id}`: changes name, slug, or whether a second factor is asked for.

use actix_web::web::Data;
use colink_auth::Caller;
use colink_core::id::WorkspaceId;
use colink_core::permission::Action;
use colink_core::text::{Slug, WorkspaceName};
use colink_events::channels::WorkspaceUpdated;
use colink_http::etag::IfMatch;
use colink_http::validate::{all, optional};
use colink_http::{ApiResult, Body, Failure, Path as PathParam, Reply, Success};
use colink_store::postgres::PgErrorExt;
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkspaceView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::state::State;
use crate::store::workspaces::{self, WorkspaceUpdate};

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateWorkspace {
    /// Its name.
    #[schema(value_type = Option<WorkspaceName>)]
    name: Option<String>,
    /// Its unique name in URLs.
    #[schema(value_type = Option<Slug>)]
    slug: Option<String>,
    /// Close the workspace to sessions without a second factor; only a session that has one may ask for it.
    require_mfa: Option<bool>,
}

/// Changes a workspace. `PATCH` does the same.
#[utoipa::path(
    put, path = "/workspaces/{workspace_id}", operation_id = "update_workspace", tag = "workspaces",
    params(
        ("workspace_id" = WorkspaceId, Path, description = "The workspace"),
        ("If-Match" = Option<String>, Header, description = "The tag that the change is based on"),
    ),
    request_body(content = UpdateWorkspace, example = json!({ "name": "Difference Engines" })),
    responses(
        (status = 200, description = "The workspace after the change", body = Success<WorkspaceView>),
        (status = 412, description = "PRECONDITION_FAILED", body = Failure),
    )
)]
pub(crate) async fn update_workspace(
    state: Data<State>,
    caller: Caller,
    PathParam(id): PathParam<WorkspaceId>,
    if_match: IfMatch,
    Body(request): Body<UpdateWorkspace>,
) -> ApiResult<Reply<WorkspaceView>> {
    let (name, slug) = all((
        optional("name", request.name, |name| WorkspaceName::parse(&name)),
        optional("slug", request.slug, |slug| Slug::parse(&slug)),
    ))?;

    let mut change = Change::begin(&state, &caller).await?;
    let mut access = WorkspaceAccess::lock(change.connection(), &caller, id).await?;
    let permit = access.permit(Action::UpdateWorkspace)?;
    if_match.check(&super::tag(&access.seated))?;
    if request.require_mfa == Some(true) && !caller.has_second_factor() {
        return Err(Error::SecondFactor.into());
    }
    let update = WorkspaceUpdate {
        name: name.as_ref().map(AsRef::as_ref),
        slug: slug.as_ref().map(AsRef::as_ref),
        require_mfa: request.require_mfa,
    };
    if update.changes(&access.seated.workspace) {
        let at = change.at();
        let updated = workspaces::update(change.connection(), id, update, at).await;
        access.seated.workspace = updated.on_constraint("workspaces_slug", || Error::Taken("slug"))?;
        change.emit(&WorkspaceUpdated { workspace: access.seated.workspace.payload() }).await?;
    }
    change.audit(permit).await?;
    change.commit().await?;

    let tag = super::tag(&access.seated);
    Ok(Reply::ok(WorkspaceView::from(access.seated)).with_etag(tag))
}
