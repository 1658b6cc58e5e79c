//! `POST /workspaces`: creates a workspace with its `general` channel.

use actix_web::web::Data;
use colink_auth::{Caller, Scoped, needs};
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_core::text::{Slug, WorkspaceName};
use colink_events::channels::{ChannelCreated, WorkspaceCreated};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, Success};
use serde::Deserialize;
use utoipa::ToSchema;

use super::WorkspaceView;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::membership;
use crate::state::State;
use crate::store::channels::{self, NewChannel};
use crate::store::users;
use crate::store::workspaces::{self, NewWorkspace, SeatedWorkspace, Workspace};

const GENERAL: &str = "general";
/// Tries of a slug that was made from the name.
const TRIES: usize = 5;

/// A new workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWorkspace {
    /// Its name.
    #[serde(default)]
    #[schema(value_type = WorkspaceName)]
    name: String,
    /// Its unique name in URLs; made from the name when it is left out.
    #[schema(value_type = Option<Slug>)]
    slug: Option<String>,
}

/// Creates a workspace; the caller owns it.
#[utoipa::path(
    post, path = "/workspaces", operation_id = "create_workspace", tag = "workspaces",
    request_body(content = CreateWorkspace, example = json!({ "name": "Analytical Engines", "slug": "engines" })),
    responses((status = 201, description = "Created, with its channel `general`", body = Success<WorkspaceView>))
)]
pub(crate) async fn create_workspace(
    state: Data<State>,
    caller: Scoped<needs::WorkspacesAdmin>,
    Body(request): Body<CreateWorkspace>,
) -> ApiResult<Reply<WorkspaceView>> {
    let (name, slug) = all((
        field("name", WorkspaceName::parse(&request.name)),
        optional("slug", request.slug, |slug| Slug::parse(&slug)),
    ))?;

    let mut change = Change::begin(&state, &caller).await?;
    let workspace = insert(&mut change, &state, &caller, &name, slug.as_ref()).await?;
    change.emit(&WorkspaceCreated { workspace: workspace.payload() }).await?;
    let shown = caller.claims().name.as_deref().unwrap_or(caller.username());
    let user = caller.user_id();
    users::note(change.connection(), user, caller.username(), shown, false).await?;
    let owner = membership::join(&mut change, &workspace, user, WorkspaceRole::Owner, user).await?;
    open_general(&mut change, &state, &workspace, &caller).await?;
    change.commit().await?;

    state.metrics.workspace_created(workspace.id);
    let (role, member_version) = owner.map_or((None, 0), |owner| (Some(owner.role), owner.version));
    let seated = SeatedWorkspace { workspace, role, member_version };
    let tag = super::tag(&seated);
    Ok(Reply::created(WorkspaceView::from(seated)).with_etag(tag))
}

/// A slug that the caller chose is taken or not; one that was made from the name gets a suffix until it is free.
async fn insert(
    change: &mut Change,
    state: &State,
    caller: &Caller,
    name: &WorkspaceName,
    slug: Option<&Slug>,
) -> Result<Workspace> {
    let made = Slug::from_name(name.as_str());
    let limit = i64::from(state.workspaces.member_limit);
    for attempt in 0..TRIES {
        let slug = match slug {
            Some(slug) => slug.as_str().to_owned(),
            None => with_suffix(made.as_str(), attempt),
        };
        let new = NewWorkspace {
            id: WorkspaceId::generate(state.clock.as_ref()),
            name: name.as_str(),
            slug: &slug,
            owner_id: caller.user_id(),
            plan: &state.workspaces.plan,
            member_limit: (limit > 0).then_some(limit),
            at: change.at(),
        };
        if let Some(workspace) = workspaces::insert(change.connection(), new).await? {
            return Ok(workspace);
        }
    }
    Err(Error::Taken("slug"))
}

fn with_suffix(slug: &str, attempt: usize) -> String {
    if attempt == 0 {
        return slug.to_owned();
    }
    let suffix = hex::encode(rand::random::<[u8; 3]>());
    let room = Slug::MAX - suffix.len() - 1;
    let base = slug.get(..room).unwrap_or(slug).trim_end_matches('-');
    format!("{base}-{suffix}")
}

async fn open_general(
    change: &mut Change,
    state: &State,
    workspace: &Workspace,
    caller: &Caller,
) -> Result<()> {
    let new = NewChannel {
        id: ChannelId::generate(state.clock.as_ref()),
        workspace_id: workspace.id,
        kind: ChannelKind::Public,
        name: GENERAL,
        slug: GENERAL,
        topic: None,
        description: None,
        is_default: true,
        created_by: caller.user_id(),
        at: change.at(),
    };
    let general = channels::insert(change.connection(), new).await?;
    change.emit(&ChannelCreated { channel: general.payload() }).await?;
    let (user, role) = (caller.user_id(), ChannelRole::Owner);
    membership::enter(change, &general, user, role, user).await?;
    Ok(())
}
