//! Copies of channels' names. Guarded by version.

use colink_core::id::{ChannelId, WorkspaceId};
use colink_events::channels::{ChannelPayload, DmCreated};
use sqlx::PgPool;
use uuid::Uuid;

/// Takes over a channel as it is after an event.
pub(crate) async fn upsert(pool: &PgPool, channel: &ChannelPayload) -> Result<(), sqlx::Error> {
    let names = (Some(channel.name.as_str()), Some(channel.slug.as_str()));
    set(pool, channel.id, channel.workspace_id, channel.kind.as_str(), names, channel.version).await
}

/// Takes over a direct conversation; it has no name.
pub(crate) async fn upsert_dm(pool: &PgPool, dm: &DmCreated) -> Result<(), sqlx::Error> {
    set(pool, dm.channel_id, dm.workspace_id, "dm", (None, None), 0).await
}

async fn set(
    pool: &PgPool,
    id: ChannelId,
    workspace: WorkspaceId,
    kind: &str,
    (name, slug): (Option<&str>, Option<&str>),
    version: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into channels (channel_id, workspace_id, kind, name, slug, version) values ($1, $2, $3, $4, $5, $6)
         on conflict (channel_id) do update
         set kind = excluded.kind, name = excluded.name, slug = excluded.slug, version = excluded.version
         where channels.version < excluded.version",
    )
    .bind(id.as_uuid())
    .bind(workspace.as_uuid())
    .bind(kind)
    .bind(name)
    .bind(slug)
    .bind(version)
    .execute(pool)
    .await?;
    Ok(())
}

/// The channels among `readable` that have one of these names, in lower case, or are named by their ids.
pub(crate) async fn find_by_names(
    pool: &PgPool,
    readable: &[ChannelId],
    names: &[String],
) -> Result<Vec<ChannelId>, sqlx::Error> {
    let ids: Vec<ChannelId> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let among: Vec<Uuid> = readable.iter().map(|id| id.as_uuid()).collect();
    let named: Vec<Uuid> = sqlx::query_scalar(
        "select channel_id from channels where channel_id = any($1) and (slug = any($2) or lower(name) = any($2))",
    )
    .bind(among)
    .bind(names)
    .fetch_all(pool)
    .await?;
    let mut found: Vec<ChannelId> = ids.into_iter().filter(|id| readable.contains(id)).collect();
    found.extend(named.into_iter().map(ChannelId::from_uuid));
    Ok(found)
}
