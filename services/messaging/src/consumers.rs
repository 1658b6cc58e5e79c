//! Projections of other services' streams.
//!
//! Delivery is at least once and in order per key only, so every handler writes guarded by the version in its event:
//! repeats, late events and two keys in any order end in the same rows.

mod channel_archived;
mod channel_created;
mod channel_member_added;
mod channel_member_removed;
mod channel_member_role_changed;
mod channel_unarchived;
mod channel_updated;
mod dm_created;
mod member_joined;
mod member_left;
mod member_removed;
mod member_role_changed;
mod user_erased;
mod user_registered;
mod user_updated;
mod workspace_deleted;
mod workspace_updated;

use colink_bus::{BusError, Consumer, HandleError, KafkaConfig, Producer};
use colink_core::id::UserId;
use colink_core::role::{ChannelRole, WorkspaceRole};
use colink_events::channels::{
    ChannelArchived, ChannelCreated, ChannelMemberAdded, ChannelMemberPayload, ChannelMemberRemoved,
    ChannelMemberRoleChanged, ChannelPayload, ChannelUnarchived, ChannelUpdated, DmCreated, MemberJoined,
    MemberLeft, MemberPayload, MemberRemoved, MemberRoleChanged, WorkspaceDeleted, WorkspaceUpdated,
};
use colink_events::users::{UserErased, UserPayload, UserRegistered, UserUpdated};
use colink_telemetry::Metrics;
use sqlx::PgPool;

use crate::store::projections::{self, Channel, ChannelSeat, WorkspaceSeat};
use crate::store::users::{self, UserError};

/// The group's name: offsets are stored under it, so it never changes.
const GROUP: &str = "messaging-projections";

/// Where the handlers write.
#[derive(Debug, Clone)]
pub(crate) struct Projections {
    pool: PgPool,
}

/// The consumer of everything this service keeps a copy of.
///
/// # Errors
/// When its metrics exist in another form.
pub(crate) fn projections(
    pool: PgPool,
    kafka: &KafkaConfig,
    producer: &Producer,
    metrics: &Metrics,
) -> Result<Consumer, BusError> {
    let to = Projections { pool };
    Ok(Consumer::group(GROUP, kafka, producer, metrics)?
        .on::<ChannelCreated>(to.clone())
        .on::<ChannelUpdated>(to.clone())
        .on::<ChannelArchived>(to.clone())
        .on::<ChannelUnarchived>(to.clone())
        .on::<DmCreated>(to.clone())
        .on::<ChannelMemberAdded>(to.clone())
        .on::<ChannelMemberRoleChanged>(to.clone())
        .on::<ChannelMemberRemoved>(to.clone())
        .on::<MemberJoined>(to.clone())
        .on::<MemberRoleChanged>(to.clone())
        .on::<MemberLeft>(to.clone())
        .on::<MemberRemoved>(to.clone())
        .on::<WorkspaceUpdated>(to.clone())
        .on::<WorkspaceDeleted>(to.clone())
        .on::<UserRegistered>(to.clone())
        .on::<UserUpdated>(to.clone())
        .on::<UserErased>(to))
}

impl Projections {
    /// The channel as it is after the event.
    async fn channel(&self, channel: ChannelPayload) -> Result<(), HandleError> {
        let channel = Channel {
            channel_id: channel.id,
            workspace_id: channel.workspace_id,
            kind: channel.kind,
            archived: channel.archived,
            version: channel.version,
        };
        let mut connection = self.pool.acquire().await?;
        Ok(projections::upsert_channel(&mut connection, channel).await?)
    }

    /// The seat as it is after the event; `arrived` when it begins with it. The channel itself may come later: then
    /// what is known of it makes a row that its own event completes.
    async fn channel_seat(
        &self,
        member: ChannelMemberPayload,
        role: Option<ChannelRole>,
        arrived: bool,
    ) -> Result<(), HandleError> {
        let channel = Channel {
            channel_id: member.channel_id,
            workspace_id: member.workspace_id,
            kind: member.kind,
            archived: false,
            version: 0,
        };
        let seat = ChannelSeat {
            channel_id: member.channel_id,
            user_id: member.user_id,
            role,
            version: member.version,
            since: arrived.then(|| member.at.as_datetime()),
        };
        let mut connection = self.pool.acquire().await?;
        projections::upsert_channel(&mut connection, channel).await?;
        Ok(projections::upsert_channel_seat(&mut connection, seat).await?)
    }

    /// The place in the workspace as it is after the event.
    async fn workspace_seat(
        &self,
        member: MemberPayload,
        role: Option<WorkspaceRole>,
    ) -> Result<(), HandleError> {
        let seat = WorkspaceSeat {
            workspace_id: member.workspace_id,
            user_id: member.user_id,
            role,
            version: member.version,
        };
        let mut connection = self.pool.acquire().await?;
        Ok(projections::upsert_workspace_seat(&mut connection, seat).await?)
    }

    /// The user as he is after the event.
    async fn user(&self, user: UserPayload) -> Result<(), HandleError> {
        let version = user.version;
        let mut connection = self.pool.acquire().await?;
        written(users::upsert(&mut connection, &users::author(user), version).await)
    }

    /// The user is erased.
    async fn erased(&self, user: UserId) -> Result<(), HandleError> {
        let mut connection = self.pool.acquire().await?;
        written(users::erase(&mut connection, user).await)
    }
}

fn written(outcome: Result<(), UserError>) -> Result<(), HandleError> {
    match outcome {
        Ok(()) => Ok(()),
        Err(UserError::Database(error)) => Err(error.into()),
        Err(UserError::Json(error)) => Err(HandleError::poison(error)),
    }
}
