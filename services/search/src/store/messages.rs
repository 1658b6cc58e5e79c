//! Messages in the index. Every write is guarded by the number of the event in the channel's log, so that repeats and
//! late events change nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use colink_core::id::{ChannelId, FileId, MessageId, UserId, WorkspaceId};
use colink_core::time::Timestamp;
use colink_events::messages::{MessageDeleted, MessagePayload};
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::domain::lexeme::{Facet, has_link, vector};
use crate::metrics::Way;
use crate::store::criteria::Criteria;

/// How many of the newest rows are read before the inverted index is asked; it stands in the statements.
#[cfg(test)]
pub(crate) const WINDOW: usize = 4000;

/// A message that was found, with the names beside it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FoundMessage {
    pub(crate) message_id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) author_id: Uuid,
    pub(crate) seq: i64,
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) content: String,
    pub(crate) file_ids: Vec<Uuid>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) edited_at: Option<DateTime<Utc>>,
    pub(crate) channel_name: Option<String>,
    pub(crate) channel_kind: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) avatar_url: Option<String>,
}

macro_rules! shown {
    ($from:literal) => {
        concat!(
            "select m.message_id, m.channel_id, m.workspace_id, m.author_id, m.seq, m.thread_id, m.content, m.file_ids,
                    m.created_at, m.edited_at, c.name as channel_name, c.kind as channel_kind,
                    u.username, u.display_name, u.avatar_url
             from ", $from, "
             left join channels c on c.channel_id = m.channel_id
             left join users u on u.user_id = m.author_id
             order by m.created_at desc, m.message_id desc"
        )
    };
}

macro_rules! matching {
    () => {
        "h.channel_id = any($2) and h.tsv @@ $3::text::tsquery
         and ($7::boolean is null or $7 = exists (
               select from message_marks k where k.message_id = h.message_id and k.mark = 'pin' and k.present))
         and ($8::boolean is null or $8 = exists (
               select from message_marks k where k.message_id = h.message_id and k.mark <> 'pin' and k.present))"
    };
}

macro_rules! recent {
    ($scope:literal) => {
        concat!(
            "with m as materialized (
               select h.* from (
                 select * from messages
                 where ",
            $scope,
            " = $1 and not deleted
                   and (created_at, message_id) < ($4, $5) and created_at >= $6
                 order by created_at desc, message_id desc
                 limit 4000
               ) h
               where ",
            matching!(),
            "
               order by h.created_at desc, h.message_id desc
               limit $9
             ) ",
            shown!("m")
        )
    };
}

/// The newest of a workspace, backwards.
pub(super) const RECENT: &str = recent!("workspace_id");
/// The newest of a channel, backwards.
pub(super) const RECENT_OF_CHANNEL: &str = recent!("channel_id");
/// All rows of the inverted index, then the newest of them.
pub(super) const INDEXED: &str = concat!(
    "with hits as materialized (
       select h.message_id, h.created_at from messages h
       where $1::uuid is not null and (h.created_at, h.message_id) < ($4, $5) and h.created_at >= $6 and ",
    matching!(),
    "), page as materialized (
       select message_id from hits order by created_at desc, message_id desc limit $9
     ) ",
    shown!("page join messages m on m.message_id = page.message_id")
);

/// Finds a page, the newest first, and says how. One row more than a page means that there is more.
pub(crate) async fn search(
    pool: &PgPool,
    wanted: &Criteria,
) -> Result<(Vec<FoundMessage>, Way), sqlx::Error> {
    let recent = match wanted.only_channel() {
        Some(channel) => fetch(pool, RECENT_OF_CHANNEL, channel, wanted).await?,
        None => fetch(pool, RECENT, wanted.workspace, wanted).await?,
    };
    if i64::try_from(recent.len()).is_ok_and(|found| found >= wanted.limit) {
        return Ok((recent, Way::Recent));
    }
    Ok((fetch(pool, INDEXED, wanted.workspace, wanted).await?, Way::Index))
}

async fn fetch(
    pool: &PgPool,
    sql: &'static str,
    scope: Uuid,
    wanted: &Criteria,
) -> Result<Vec<FoundMessage>, sqlx::Error> {
    let (before, before_id) = wanted.before;
    sqlx::query_as(sql)
        .bind(scope)
        .bind(&wanted.channels)
        .bind(&wanted.expression)
        .bind(before)
        .bind(before_id)
        .bind(wanted.since)
        .bind(wanted.pinned)
        .bind(wanted.reacted)
        .bind(wanted.limit)
        .fetch_all(pool)
        .await
}

/// Takes over messages as they are after their events, and makes their authors known if they are not: one statement,
/// because most of what a single row costs is the way there and the commit.
///
/// Of events of the same message the last one counts: a statement may change a row once. Authors are written in the
/// order of their ids, so that two statements which bring the same new authors wait for each other in one direction only.
pub(crate) async fn upsert_all(
    executor: impl PgExecutor<'_>,
    messages: &[&MessagePayload],
) -> Result<(), sqlx::Error> {
    let mut latest: BTreeMap<MessageId, &MessagePayload> = BTreeMap::new();
    for message in messages {
        let known = latest.entry(message.id).or_insert(message);
        if known.seq < message.seq {
            *known = message;
        }
    }
    let rows: Vec<Written<'_>> = latest.into_values().map(Written::of).collect();
    sqlx::query(
        "with written as (
           select * from jsonb_to_recordset($1) as w(
             message_id uuid, channel_id uuid, workspace_id uuid, author_id uuid, username text, display_name text,
             avatar_url text, seq bigint, thread_id uuid, content text, file_ids uuid[], created_at timestamptz,
             edited_at timestamptz, tsv text)
         ), authors as (
           insert into users (user_id, username, display_name, avatar_url, version)
           select distinct on (author_id) author_id, username, display_name, avatar_url, 0 from written order by author_id
           on conflict (user_id) do nothing
         )
         insert into messages (message_id, channel_id, workspace_id, author_id, seq, thread_id, content, file_ids,
                               created_at, edited_at, tsv)
         select message_id, channel_id, workspace_id, author_id, seq, thread_id, content, file_ids, created_at, edited_at,
                tsv::tsvector
         from written
         on conflict (message_id) do update
         set seq = excluded.seq, content = excluded.content, file_ids = excluded.file_ids,
             edited_at = excluded.edited_at, tsv = excluded.tsv
         where messages.seq < excluded.seq and not messages.deleted",
    )
    .bind(Json(rows))
    .execute(executor)
    .await?;
    Ok(())
}

/// A row of [`upsert_all`].
#[derive(Debug, Serialize)]
struct Written<'a> {
    message_id: MessageId,
    channel_id: ChannelId,
    workspace_id: WorkspaceId,
    author_id: UserId,
    username: &'a str,
    display_name: &'a str,
    avatar_url: Option<&'a str>,
    seq: i64,
    thread_id: Option<MessageId>,
    content: &'a str,
    file_ids: &'a [FileId],
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
    tsv: String,
}

impl<'a> Written<'a> {
    fn of(message: &'a MessagePayload) -> Self {
        Self {
            message_id: message.id,
            channel_id: message.channel_id,
            workspace_id: message.workspace_id,
            author_id: message.author.id,
            username: &message.author.username,
            display_name: &message.author.display_name,
            avatar_url: message.author.avatar_url.as_deref(),
            seq: message.seq,
            thread_id: message.thread_id,
            content: &message.content,
            file_ids: &message.file_ids,
            created_at: message.created_at,
            edited_at: message.edited_at,
            tsv: vector_of(&Indexed::of(message)),
        }
    }
}

/// Leaves a tombstone of a message: nothing of what it said.
pub(crate) async fn bury(pool: &PgPool, deleted: &MessageDeleted) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into messages (message_id, channel_id, workspace_id, author_id, seq, thread_id, content, created_at,
                               deleted, tsv)
         values ($1, $2, $3, $4, $5, $6, '', $7, true, '')
         on conflict (message_id) do update
         set seq = greatest(messages.seq, excluded.seq), deleted = true, content = '', file_ids = '{}', tsv = ''",
    )
    .bind(deleted.id.as_uuid())
    .bind(deleted.channel_id.as_uuid())
    .bind(deleted.workspace_id.as_uuid())
    .bind(deleted.author_id.as_uuid())
    .bind(deleted.seq)
    .bind(deleted.thread_id.map(|id| id.as_uuid()))
    .bind(deleted.deleted_at.as_datetime())
    .execute(pool)
    .await?;
    Ok(())
}

/// What of a message is in its vector.
#[derive(Debug)]
pub(super) struct Indexed<'a> {
    pub(super) workspace_id: WorkspaceId,
    pub(super) channel_id: ChannelId,
    pub(super) author_id: UserId,
    pub(super) content: &'a str,
    pub(super) has_files: bool,
    pub(super) replies: bool,
}

impl<'a> Indexed<'a> {
    fn of(message: &'a MessagePayload) -> Self {
        Self {
            workspace_id: message.workspace_id,
            channel_id: message.channel_id,
            author_id: message.author.id,
            content: &message.content,
            has_files: !message.file_ids.is_empty(),
            replies: message.thread_id.is_some(),
        }
    }
}

/// The text form of a message's vector.
pub(super) fn vector_of(message: &Indexed<'_>) -> String {
    let mut facets = vec![
        Facet::Workspace(message.workspace_id),
        Facet::Channel(message.channel_id),
        Facet::Author(message.author_id),
    ];
    let is = |facet, holds: bool| holds.then_some(facet);
    facets.extend(is(Facet::Link, has_link(message.content)));
    facets.extend(is(Facet::File, message.has_files));
    facets.extend(is(Facet::Thread, message.replies));
    vector(&facets, message.content)
}
