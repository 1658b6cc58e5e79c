//! `POST /channels`: creates a public or private channel.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::permission::Action;
use colink_core::role::{ChannelKind, ChannelRole};
use colink_core::text::{ChannelName, Description, Topic};
use colink_events::channels::ChannelCreated;
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Failure, Reply, Success, WorkspaceScope};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ChannelView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::error::Error;
use crate::membership;
use crate::state::State;
use crate::store::channels::{self, NewChannel, SeatedChannel};
use crate::store::workspace_members;

/// A new channel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateChannel {
    /// The workspace, unless the header `X-Workspace-Id` names it.
    workspace_id: Option<WorkspaceId>,
    /// Its name.
    #[serde(default)]
    #[schema(value_type = ChannelName)]
    name: String,
    /// `public` or `private`; public when left out.
    #[schema(example = "public")]
    kind: Option<String>,
    /// Another way to say `kind`.
    is_private: Option<bool>,
    /// What it is about at the moment.
    #[schema(value_type = Option<Topic>)]
    topic: Option<String>,
    /// What it is for.
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
}

/// Creates a channel; the caller owns it and is its first member.
#[utoipa::path(
    post, path = "/channels", operation_id = "create_channel", tag = "channels",
    params(("X-Workspace-Id" = Option<WorkspaceId>, Header, description = "The workspace, unless the body names it")),
    request_body(content = CreateChannel, example = json!({ "name": "engineering", "kind": "public", "topic": "Building it" })),
    responses(
        (status = 201, description = "Created", body = Success<ChannelView>),
        (status = 404, description = "NOT_FOUND: the workspace", body = Failure),
    )
)]
pub(crate) async fn create_channel(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    scope: WorkspaceScope,
    Body(request): Body<CreateChannel>,
) -> ApiResult<Reply<ChannelView>> {
    let workspace_id = scope.resolve(request.workspace_id)?;
    let (name, kind, topic, description) = all((
        field("name", ChannelName::parse(&request.name)),
        kind_of(request.kind.as_deref(), request.is_private),
        optional("topic", request.topic, |topic| Topic::parse(&topic)),
        optional("description", request.description, |text| Description::parse(&text)),
    ))?;

    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::read(change.connection(), &caller, workspace_id).await?;
    let private = kind == ChannelKind::Private;
    let permit =
        access.permit(if private { Action::CreatePrivateChannel } else { Action::CreatePublicChannel })?;
    access.require_membership()?;
    if workspace_members::share(change.connection(), workspace_id, &[caller.user_id()]).await?.is_empty() {
        return Err(Error::NotFound("workspace").into());
    }
    let slug = name.slug();
    let new = NewChannel {
        id: ChannelId::generate(state.clock.as_ref()),
        workspace_id,
        kind,
        name: name.as_str(),
        slug: slug.as_str(),
        topic: topic.as_ref().map(AsRef::as_ref),
        description: description.as_ref().map(AsRef::as_ref),
        is_default: false,
        created_by: caller.user_id(),
        at: change.at(),
    };
    let channel = channels::insert(change.connection(), new).await?;
    change.emit(&ChannelCreated { channel: channel.payload() }).await?;
    membership::enter(&mut change, &channel, caller.user_id(), ChannelRole::Owner, caller.user_id()).await?;
    change.audit(permit).await?;
    change.commit().await?;

    state.metrics.channel_created(channel.id, kind);
    let (workspace_role, role) = (access.role(), Some(ChannelRole::Owner));
    let require_mfa = access.seated.workspace.require_mfa;
    let seated = SeatedChannel { channel, workspace_role, role, member_version: 1, require_mfa };
    let tag = super::tag(&seated);
    Ok(Reply::created(ChannelView::from(seated)).with_etag(tag))
}

fn kind_of(kind: Option<&str>, is_private: Option<bool>) -> Result<ChannelKind, FieldError> {
    let by_flag = is_private.map(|private| if private { ChannelKind::Private } else { ChannelKind::Public });
    let named = match kind {
        None => None,
        Some("public") => Some(ChannelKind::Public),
        Some("private") => Some(ChannelKind::Private),
        Some(_) => return Err(Invalid::new("must be one of: public private").at("kind")),
    };
    match (named, by_flag) {
        (Some(kind), Some(flag)) if kind != flag => {
            Err(Invalid::new("contradicts kind: send one of them").at("is_private"))
        }
        (named, by_flag) => Ok(named.or(by_flag).unwrap_or(ChannelKind::Public)),
    }
}
