//! `POST /dms`: the direct conversation of a set of people.
//!
//! Contract: the same set in the same workspace is the same conversation, however often and by however many of them it is
//! begun at the same time. One unique key decides; who comes second waits and finds.

use actix_web::web::Data;
use colink_auth::{Scoped, needs};
use colink_core::error::FieldError;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::Action;
use colink_core::role::{ChannelKind, ChannelRole};
use colink_events::channels::DmCreated;
use colink_http::validate::{all, each, field};
use colink_http::{ApiResult, Body, Failure, Reply, Success, WorkspaceScope};
use serde::Deserialize;
use utoipa::ToSchema;

use super::DmView;
use crate::access::WorkspaceAccess;
use crate::change::Change;
use crate::domain::dm_key::Participants;
use crate::error::{Error, Result};
use crate::membership;
use crate::state::State;
use crate::store::dms::{self, NewConversation};
use crate::store::workspace_members;

/// With whom to talk.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateDm {
    /// The workspace, unless the header `X-Workspace-Id` names it.
    workspace_id: Option<WorkspaceId>,
    /// 1 to 8 active members of the workspace; the caller need not name himself.
    #[serde(default)]
    #[schema(value_type = Vec<UserId>, min_items = 1, max_items = 8)]
    participant_ids: Vec<String>,
}

/// Begins a direct conversation of 2 to 9 people, or gives the one they have.
#[utoipa::path(
    post, path = "/dms", operation_id = "create_dm", tag = "direct conversations",
    params(("X-Workspace-Id" = Option<WorkspaceId>, Header, description = "The workspace, unless the body names it")),
    request_body(content = CreateDm, example = json!({ "participant_ids": ["018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"] })),
    responses(
        (status = 201, description = "Begun", body = Success<DmView>),
        (status = 200, description = "The conversation that they have", body = Success<DmView>),
        (status = 404, description = "NOT_FOUND: the workspace", body = Failure),
    )
)]
pub(crate) async fn create_dm(
    state: Data<State>,
    caller: Scoped<needs::ChannelsWrite>,
    scope: WorkspaceScope,
    Body(request): Body<CreateDm>,
) -> ApiResult<Reply<DmView>> {
    let workspace = scope.resolve(request.workspace_id)?;
    let (participants,) = all((participants(&request.participant_ids, caller.user_id()),))?;

    let mut change = Change::begin(&state, &caller).await?;
    let access = WorkspaceAccess::read(change.connection(), &caller, workspace).await?;
    // To begin a conversation takes what a private channel takes: guests are brought into conversations by others.
    let permit = access.permit(Action::CreatePrivateChannel)?;
    access.require_membership()?;
    share_members(&mut change, workspace, &participants, &request.participant_ids).await?;
    let (id, begun) = begin(&mut change, &state, workspace, &participants, caller.user_id()).await?;
    let conversation = dms::lookup(change.connection(), id, caller.user_id()).await?;
    change.audit(permit).await?;
    change.commit().await?;

    let view = DmView::from(conversation.ok_or(Error::NotFound("conversation"))?);
    if begun {
        state.metrics.channel_created(id, ChannelKind::Dm);
    }
    Ok(if begun { Reply::created(view) } else { Reply::ok(view) })
}

fn participants(named: &[String], caller: UserId) -> std::result::Result<Participants, FieldError> {
    let named = each("participant_ids", named, |id| id.parse::<UserId>())?;
    field("participant_ids", Participants::of(&named, caller))
}

/// Sees to it that everybody is an active member and stays one meanwhile.
async fn share_members(
    change: &mut Change,
    workspace: WorkspaceId,
    participants: &Participants,
    named: &[String],
) -> Result<()> {
    let members = workspace_members::share(change.connection(), workspace, participants.ids()).await?;
    let is_member = |id: &UserId| members.iter().any(|member| member.user_id == *id);
    match participants.ids().iter().find(|id| !is_member(id)) {
        Some(stranger) => {
            let text = stranger.to_string();
            let place = named.iter().position(|id| id.eq_ignore_ascii_case(&text));
            Err(Error::NoMember(
                place.map_or("participant_ids".to_owned(), |at| format!("participant_ids[{at}]")),
            ))
        }
        None => Ok(()),
    }
}

/// The conversation, and whether it was begun just now. Whoever had left the workspace and is back is in it again.
async fn begin(
    change: &mut Change,
    state: &State,
    workspace_id: WorkspaceId,
    participants: &Participants,
    caller: UserId,
) -> Result<(ChannelId, bool)> {
    let new = NewConversation {
        id: ChannelId::generate(state.clock.as_ref()),
        workspace_id,
        key: &participants.key(),
        created_by: caller,
        at: change.at(),
    };
    let (channel, begun) = dms::upsert(change.connection(), new).await?;
    if begun {
        let at = change.at();
        let participant_ids = participants.ids().to_vec();
        let event =
            DmCreated { channel_id: channel.id, workspace_id, participant_ids, created_by: caller, at };
        change.emit(&event).await?;
    }
    for user in participants.ids() {
        membership::enter(change, &channel, *user, ChannelRole::Member, caller).await?;
    }
    Ok((channel.id, begun))
}
