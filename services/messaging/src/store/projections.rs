//! Copies of what the channels service and auth own, fed by their events and, where those are late, by asking.
//!
//! Every write is guarded by the version of the source row, so events may come twice, late and in any order.

use chrono::{DateTime, Utc};
use colink_bus::shard::shard_of_channel;
use colink_core::id::{ChannelId, UserId, WorkspaceId};
use colink_core::role::{ChannelKind, ChannelRole, WorkspaceRole};
use sqlx::PgConnection;

/// A channel as its service describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    pub(crate) channel_id: ChannelId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) kind: ChannelKind,
    pub(crate) archived: bool,
    /// 0 when the source does not tell: it only makes a row that is missing.
    pub(crate) version: i64,
}

/// One user's seat in a channel; no role when it was given up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelSeat {
    pub(crate) channel_id: ChannelId,
    pub(crate) user_id: UserId,
    pub(crate) role: Option<ChannelRole>,
    pub(crate) version: i64,
    /// Since when, if it is known: what was posted before does not count as unread.
    pub(crate) since: Option<DateTime<Utc>>,
}

/// One user's place in a workspace; no role when he left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkspaceSeat {
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) user_id: UserId,
    pub(crate) role: Option<WorkspaceRole>,
    pub(crate) version: i64,
}

/// Takes over whether a workspace asks for a second factor.
pub(crate) async fn upsert_workspace(
    db: &mut PgConnection,
    workspace_id: WorkspaceId,
    require_mfa: bool,
    version: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into workspaces (workspace_id, require_mfa, version) values ($1, $2, $3)
         on conflict (workspace_id) do update
         set require_mfa = excluded.require_mfa, version = excluded.version
         where workspaces.version < excluded.version",
    )
    .bind(workspace_id.as_uuid())
    .bind(require_mfa)
    .bind(version)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes over a channel.
pub(crate) async fn upsert_channel(db: &mut PgConnection, channel: Channel) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into channel_heads (channel_id, workspace_id, kind, archived, version, shard)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (channel_id) do update
         set kind = excluded.kind, archived = excluded.archived, version = excluded.version
         where channel_heads.version < excluded.version",
    )
    .bind(channel.channel_id.as_uuid())
    .bind(channel.workspace_id.as_uuid())
    .bind(channel.kind.as_str())
    .bind(channel.archived)
    .bind(channel.version)
    .bind(shard_of_channel(channel.channel_id))
    .execute(db)
    .await?;
    Ok(())
}

/// Takes over a seat in a channel. A seat that was given up keeps its row, so that an older event cannot revive it.
///
/// A new seat begins behind the last message that was posted before `since`. An answer of the channels service, which
/// does not tell it, may come before the event that does: so the same version again may still bring it.
pub(crate) async fn upsert_channel_seat(db: &mut PgConnection, seat: ChannelSeat) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into channel_members (channel_id, user_id, role, active, version, joined_seq)
         select $1, $2, coalesce($3, 'member'), $3 is not null, $4, coalesce((
             select m.seq from messages m
             where m.channel_id = $1 and m.in_channel and m.created_at < $5::timestamptz
             order by m.seq desc limit 1), 0)
         on conflict (channel_id, user_id) do update
         set role = excluded.role, active = excluded.active, version = excluded.version,
             joined_seq = case when $5::timestamptz is null then channel_members.joined_seq
                               else excluded.joined_seq end
         where channel_members.version < excluded.version
            or (channel_members.version = excluded.version and $5 is not null)",
    )
    .bind(seat.channel_id.as_uuid())
    .bind(seat.user_id.as_uuid())
    .bind(seat.role.map(ChannelRole::as_str))
    .bind(seat.version)
    .bind(seat.since)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes over a place in a workspace.
pub(crate) async fn upsert_workspace_seat(
    db: &mut PgConnection,
    seat: WorkspaceSeat,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into workspace_members (workspace_id, user_id, role, active, version)
         values ($1, $2, coalesce($3, 'member'), $3 is not null, $4)
         on conflict (workspace_id, user_id) do update
         set role = excluded.role, active = excluded.active, version = excluded.version
         where workspace_members.version < excluded.version",
    )
    .bind(seat.workspace_id.as_uuid())
    .bind(seat.user_id.as_uuid())
    .bind(seat.role.map(WorkspaceRole::as_str))
    .bind(seat.version)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends every place in a workspace. It is not opened again, so no version can be newer.
pub(crate) async fn close_workspace(
    db: &mut PgConnection,
    workspace_id: WorkspaceId,
) -> Result<(), sqlx::Error> {
    sqlx::query("update workspace_members set active = false where workspace_id = $1")
        .bind(workspace_id.as_uuid())
        .execute(db)
        .await?;
    Ok(())
}
