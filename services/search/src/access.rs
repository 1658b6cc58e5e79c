//! What may the caller read now? Asked of channels at every search and never kept (S-3): who was removed a moment ago
//! finds nothing more. A workspace that asks for a second factor is closed to sessions that were not proven by one.

use colink_auth::Caller;
use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::permission::{Action, Scopes, Standing, decide};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::state::State;

#[derive(Debug, Deserialize)]
struct Answer {
    channels: Vec<Near>,
}

/// A channel near the caller, as `GET /internal/users/{user_id}/channels` lists it.
#[derive(Debug, Deserialize)]
struct Near {
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    kind: ChannelKind,
    archived: bool,
    #[serde(default)]
    workspace_role: Option<WorkspaceRole>,
    #[serde(default)]
    channel_role: Option<ChannelRole>,
    #[serde(default)]
    require_mfa: bool,
}

/// The answer of `GET /internal/workspaces/{workspace_id}/members/{user_id}`, as far as it is read here.
#[derive(Debug, Deserialize)]
struct Member {
    #[serde(default)]
    require_mfa: bool,
}

impl Near {
    /// Channels lists only what may be read; the rule is asked all the same, since a mistake would show secrets. A realm
    /// admin has no more here than his memberships: a search would pass all doors at once.
    fn is_readable(&self, scopes: Scopes) -> bool {
        let standing = Standing {
            realm_admin: false,
            workspace: self.workspace_role,
            channel: self.channel_role,
            kind: self.kind,
            archived: self.archived,
            scopes,
        };
        decide(&standing, Action::Search).is_allowed()
    }
}

/// The channels of a workspace that the caller may read at this moment.
///
/// # Errors
/// [`Error::NoWorkspace`] when he is not in it; [`Error::SecondFactor`]; 503 or 504 while channels does not answer.
pub(crate) async fn readable_channels(
    state: &State,
    caller: &Caller,
    workspace: WorkspaceId,
) -> Result<Vec<ChannelId>> {
    let user = caller.user_id();
    let path = format!("/internal/users/{user}/channels?workspace_id={workspace}");
    let answer: Answer = state.channels.get_json(&path).await.map_err(Error::Channels)?;
    let scopes = caller.scopes();
    let near =
        answer.channels.iter().filter(|near| near.workspace_id == workspace && near.is_readable(scopes));
    let (readable, asked): (Vec<ChannelId>, Vec<bool>) =
        near.map(|near| (near.channel_id, near.require_mfa)).unzip();
    // An empty list may be that of a guest without channels, or of a stranger.
    let require_mfa = match asked.first() {
        Some(require_mfa) => *require_mfa,
        None => member(state, caller, workspace).await?.require_mfa,
    };
    if require_mfa && !caller.has_second_factor() { Err(Error::SecondFactor) } else { Ok(readable) }
}

async fn member(state: &State, caller: &Caller, workspace: WorkspaceId) -> Result<Member> {
    let path = format!("/internal/workspaces/{workspace}/members/{}", caller.user_id());
    state.channels.get_json(&path).await.map_err(|error| {
        if error.kind() == ErrorKind::NotFound { Error::NoWorkspace } else { Error::Channels(error) }
    })
}
