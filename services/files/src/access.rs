//! Who is asking and what he may do. Channels is asked each time, so that a removal counts at once (C-6); nothing is
//! kept here.
//!
//! Whoever is outside the workspace is told that there is no such thing (404), whoever is inside and may not is told so
//! (403). A realm admin passes where only membership is missing, and `access.bypassed` is written before he does. A
//! workspace that asks for a second factor is closed to sessions that were not proven by one.

use colink_auth::Caller;
use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, WorkspaceId};
use colink_core::permission::{Action, Decision, Scope, Standing, decide};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::AccessBypassed;
use colink_http::ApiError;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::state::State;
use crate::store::pending_events::PendingEvent;

/// A caller's standing in a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    standing: Standing,
    /// A second factor is asked for, and the caller's session was not proven by one.
    closed: bool,
}

/// What channels answers.
#[derive(Debug, Deserialize)]
struct StandingAnswer {
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

#[derive(Debug, Deserialize)]
struct ReadableChannels {
    channels: Vec<ReadableChannel>,
}

#[derive(Debug, Deserialize)]
struct ReadableChannel {
    channel_id: ChannelId,
    #[serde(default)]
    require_mfa: bool,
}

#[derive(Debug, Deserialize)]
struct Membership {
    #[serde(default)]
    require_mfa: bool,
}

impl Seat {
    /// Asks channels how the caller stands. `what` is said to be missing when the channel is.
    pub(crate) async fn ask(
        state: &State,
        caller: &Caller,
        channel: ChannelId,
        what: &'static str,
    ) -> Result<Self> {
        let path = format!("/internal/channels/{channel}/standing/{}", caller.user_id());
        let answer: StandingAnswer = state.channels.get_json(&path).await.map_err(missing(what))?;
        let standing = Standing {
            realm_admin: caller.realm_admin(),
            workspace: answer.workspace_role,
            channel: answer.channel_role,
            kind: answer.kind,
            archived: answer.archived,
            scopes: caller.scopes(),
        };
        let closed = answer.require_mfa && !caller.has_second_factor();
        Ok(Self { channel_id: channel, workspace_id: answer.workspace_id, standing, closed })
    }

    /// Whether the caller may do `action` as himself.
    pub(crate) fn allows(&self, action: Action) -> bool {
        decide(&self.standing, action) == Decision::Allow
    }

    /// Lets the caller do `action`, or refuses; a bypass is written down first.
    pub(crate) async fn permit(
        &self,
        state: &State,
        caller: &Caller,
        action: Action,
        what: &'static str,
    ) -> Result<()> {
        match decide(&self.standing, action) {
            decision if self.closed && decision.is_allowed() => Err(Error::SecondFactor),
            Decision::Allow => Ok(()),
            Decision::AllowAsRealmAdmin => self.note_bypass(state, caller, action).await,
            Decision::Forbid => {
                let missing = self.standing.lacks(action).map(Scope::refusal);
                Err(Error::Forbidden(missing.unwrap_or("You may not do this in this channel.")))
            }
            Decision::Hide => Err(Error::NotFound(what)),
        }
    }

    async fn note_bypass(&self, state: &State, caller: &Caller, action: Action) -> Result<()> {
        let bypass = AccessBypassed {
            workspace_id: Some(self.workspace_id),
            channel_id: Some(self.channel_id),
            action: action.as_str().to_owned(),
            user_id: caller.user_id(),
            at: state.clock.timestamp(),
        };
        let event = PendingEvent::seal(&bypass, &caller.cause(), state.clock.as_ref())?;
        state.bypasses.insert(event).await?;
        state.wake.notify_one();
        state.metrics.bypassed(caller.user_id(), action);
        Ok(())
    }
}

/// [`Seat::ask`] and [`Seat::permit`] in one.
pub(crate) async fn authorise(
    state: &State,
    caller: &Caller,
    channel: ChannelId,
    action: Action,
    what: &'static str,
) -> Result<Seat> {
    let seat = Seat::ask(state, caller, channel, what).await?;
    seat.permit(state, caller, action, what).await?;
    Ok(seat)
}

/// The channels of a workspace that the caller may read now.
pub(crate) async fn readable_channels(
    state: &State,
    caller: &Caller,
    workspace: WorkspaceId,
) -> Result<Vec<ChannelId>> {
    let user = caller.user_id();
    let path = format!("/internal/users/{user}/channels?workspace_id={workspace}");
    let readable: ReadableChannels = state.channels.get_json(&path).await?;
    let require_mfa = match readable.channels.first() {
        Some(channel) => channel.require_mfa,
        // Nothing to read in a workspace of one's own is an empty list; another workspace is not there.
        None => {
            let path = format!("/internal/workspaces/{workspace}/members/{user}");
            let member: Membership = state.channels.get_json(&path).await.map_err(missing("workspace"))?;
            member.require_mfa
        }
    };
    if require_mfa && !caller.has_second_factor() {
        return Err(Error::SecondFactor);
    }
    Ok(readable.channels.into_iter().map(|channel| channel.channel_id).collect())
}

fn missing(what: &'static str) -> impl FnOnce(ApiError) -> Error {
    move |error| {
        if error.kind() == ErrorKind::NotFound { Error::NotFound(what) } else { Error::Request(error) }
    }
}
