//! May the caller do this? One decision function over the projections; where they refuse, the channels service is
//! asked once before the caller is (read-your-writes after a join). A workspace that asks for a second factor is
//! closed to sessions that were not proven by one.

use colink_auth::Caller;
use colink_bus::outbox;
use colink_core::error::ErrorKind;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::permission::{Action, Decision, Scopes, decide};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use colink_events::channels::AccessBypassed;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::state::State;
use crate::store::projections::{self, Channel, ChannelSeat, WorkspaceSeat};
use crate::store::standing::{self, Seen};

/// A caller who may go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access {
    /// He passed as a realm admin; that is in the outbox already.
    pub(crate) bypassed: bool,
}

/// Lets the caller do `action` in a channel.
///
/// # Errors
/// [`Error::NotFound`] (`what`, so that a hidden message reads like one that does not exist), [`Error::NotAllowed`],
/// [`Error::ScopeMissing`], [`Error::Archived`], [`Error::SecondFactor`]; 503 when the projection refuses and the channels service cannot be asked.
pub(crate) async fn authorise(
    state: &State,
    caller: &Caller,
    channel_id: ChannelId,
    action: Action,
    what: &'static str,
) -> Result<Access> {
    authorise_within(state, caller, caller.scopes(), channel_id, action, what).await
}

/// [`authorise`] with other scopes than the token has: for a step of an action that the token's scope covers as a whole.
///
/// # Errors
/// As [`authorise`].
pub(crate) async fn authorise_within(
    state: &State,
    caller: &Caller,
    scopes: Scopes,
    channel_id: ChannelId,
    action: Action,
    what: &'static str,
) -> Result<Access> {
    let mut seen = lookup(state, caller, channel_id, scopes).await?;
    if !seen.is_some_and(|seen| decide(&seen.standing, action).is_allowed()) {
        refresh(state, channel_id, caller.user_id()).await?;
        seen = lookup(state, caller, channel_id, scopes).await?;
    }
    let seen = seen.ok_or(Error::NotFound(what))?;
    match decide(&seen.standing, action) {
        decision if decision.is_allowed() && seen.require_mfa && !caller.has_second_factor() => {
            Err(Error::SecondFactor)
        }
        Decision::Allow => Ok(Access { bypassed: false }),
        Decision::AllowAsRealmAdmin => {
            note_bypass(state, caller, channel_id, seen.workspace_id, action).await?;
            Ok(Access { bypassed: true })
        }
        Decision::Hide => Err(Error::NotFound(what)),
        Decision::Forbid => Err(match seen.standing.lacks(action) {
            Some(scope) => Error::ScopeMissing(scope),
            None if seen.standing.archived => Error::Archived,
            None => Error::NotAllowed,
        }),
    }
}

async fn lookup(
    state: &State,
    caller: &Caller,
    channel_id: ChannelId,
    scopes: Scopes,
) -> Result<Option<Seen>> {
    let (user_id, realm_admin) = (caller.user_id(), caller.realm_admin());
    Ok(standing::lookup(&state.pool, channel_id, user_id, realm_admin, scopes).await?)
}

/// The answer of `GET /internal/channels/{channel_id}/standing/{user_id}`.
#[derive(Debug, Deserialize)]
struct StandingAnswer {
    workspace_id: WorkspaceId,
    kind: ChannelKind,
    archived: bool,
    workspace_role: Option<WorkspaceRole>,
    channel_role: Option<ChannelRole>,
    channel_version: i64,
    member_version: i64,
    workspace_member_version: i64,
}

/// Takes over what the channels service says at this moment. An unknown channel changes nothing.
async fn refresh(state: &State, channel_id: ChannelId, user_id: UserId) -> Result<()> {
    let path = format!("/internal/channels/{channel_id}/standing/{user_id}");
    let answer: StandingAnswer = match state.channels.get_json(&path).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            state.metrics.asked(channel_id, user_id, false);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    state.metrics.asked(channel_id, user_id, true);
    let mut tx = state.pool.begin().await?;
    let channel = Channel {
        channel_id,
        workspace_id: answer.workspace_id,
        kind: answer.kind,
        archived: answer.archived,
        version: answer.channel_version,
    };
    projections::upsert_channel(&mut tx, channel).await?;
    let place = WorkspaceSeat {
        workspace_id: answer.workspace_id,
        user_id,
        role: answer.workspace_role,
        version: answer.workspace_member_version,
    };
    projections::upsert_workspace_seat(&mut tx, place).await?;
    let seat = ChannelSeat {
        channel_id,
        user_id,
        role: answer.channel_role,
        version: answer.member_version,
        since: None,
    };
    projections::upsert_channel_seat(&mut tx, seat).await?;
    tx.commit().await?;
    Ok(())
}

async fn note_bypass(
    state: &State,
    caller: &Caller,
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    action: Action,
) -> Result<()> {
    let event = AccessBypassed {
        workspace_id: Some(workspace_id),
        channel_id: Some(channel_id),
        action: action.as_str().to_owned(),
        user_id: caller.user_id(),
        at: state.clock.timestamp(),
    };
    let mut connection = state.pool.acquire().await?;
    outbox::enqueue(&mut connection, &event, &caller.cause(), state.clock.as_ref()).await?;
    state.outbox.wake();
    state.metrics.bypassed(channel_id, caller.user_id(), action);
    Ok(())
}
