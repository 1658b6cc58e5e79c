//! Making a user anonymous in what is stored finished: events of the log, his own texts and those that mention him.
//!
//! Every statement takes one page and can be repeated: it writes no row that is as it should be. Arrays and
//! `offset 0` see to it that what belongs to a page is looked up by key: plain joins made plans that read tables from end to end.

use colink_core::id::UserId;
use colink_events::users::UserErased;
use sqlx::PgPool;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Messages that one statement takes, with their events and earlier wordings.
const PAGE: i64 = 200;

/// Texts that one statement only looks through: most of them name nobody.
const LOOKED_THROUGH: i64 = 500;

/// The events of the log that tell of the messages in `page`: when they were written, and every edit.
macro_rules! told {
    () => {
        "told as (
             select channel_id, seq, deleted_at from page
             union select channel_id, changed_seq, deleted_at from page
             union select p.channel_id, e.replaced_seq, p.deleted_at
               from page p
               cross join lateral (select replaced_seq from message_edits where message_id = p.id offset 0) e
         )"
    };
}

/// Puts `$2` in place of what `$1` finds, in the events that are `told`. It comes with their keys, lest it is looked for in
/// all others before.
macro_rules! logged {
    () => {
        "logged as (
             update channel_events v set data = regexp_replace(v.data, $1, $2, 'gi')
             from (select channel_id, seq, $1 as pattern from told offset 0) t
             where v.channel_id = t.channel_id and v.seq = t.seq
               and v.type in ('message.created', 'message.updated') and v.data ~* t.pattern
         )"
    };
}

/// The same in the messages of a page.
macro_rules! worded {
    ($page:literal) => {
        concat!(
            "worded as (
                 update messages m
                 set content = regexp_replace(m.content, $1, $2, 'gi'),
                     content_html = regexp_replace(m.content_html, $1, $2, 'gi')
                 where m.id = any (array(select id from ",
            $page,
            ")) and (m.content ~* $1 or m.content_html ~* $1)
             )"
        )
    };
}

/// The same in the earlier wordings `e` of which a condition is true.
macro_rules! edited {
    ($condition:literal) => {
        concat!(
            "edited as (
                 update message_edits e
                 set content = regexp_replace(e.content, $1, $2, 'gi'),
                     content_html = regexp_replace(e.content_html, $1, $2, 'gi')
                 where ",
            $condition,
            " and (e.content ~* $1 or e.content_html ~* $1)
             )"
        )
    };
}

/// An event `v` of the user's own message `t` as it should be.
macro_rules! anonymous {
    () => {
        "regexp_replace(
             (jsonb_set(v.data::jsonb, '{author}', $5::jsonb)
              || case when t.deleted_at is null then '{}'
                      else '{\"content\":\"\",\"content_html\":\"\"}' end::jsonb)::text,
             $1, $2, 'gi')"
    };
}

// A row can be updated once in a statement: what he deleted is blanked, the rest is reworded.
const OWN: &str = concat!(
    "with page as (
         select id, channel_id, seq, changed_seq, deleted_at from messages
         where author_id = $3 and id > $4 order by id limit $6
     ), live as (
         select id from page where deleted_at is null
     ), ",
    told!(),
    ", logged as (
         update channel_events v set data = ",
    anonymous!(),
    " from told t
         where v.channel_id = t.channel_id and v.seq = t.seq and v.type in ('message.created', 'message.updated')
           and v.data <> ",
    anonymous!(),
    "), ",
    worded!("live"),
    ", ",
    edited!("e.message_id = any (array(select id from live))"),
    ", blanked as (
         update messages set content = '', content_html = '', mentions = '[]'
         where id = any (array(select id from page where deleted_at is not null))
           and (content <> '' or content_html <> '' or mentions <> '[]')
     ), forgotten as (
         delete from message_edits
         where message_id = any (array(select id from page where deleted_at is not null))
     )
     select id from page order by id desc limit 1"
);

const MENTIONING: &str = concat!(
    "with page as (
         select m.id, m.channel_id, m.seq, m.changed_seq, m.deleted_at
         from message_mentions x join messages m on m.id = x.message_id
         where x.user_id = $3 and (x.channel_id, x.seq) > ($4, $5)
         order by x.channel_id, x.seq limit $6
     ), ",
    told!(),
    ", ",
    logged!(),
    ", ",
    worded!("page"),
    ", ",
    edited!("e.message_id = any (array(select id from page))"),
    " select channel_id, seq from page order by channel_id desc, seq desc limit 1"
);

// The log is no part of it: the deletion blanked the message there.
const DELETED: &str = concat!(
    "with page as (
         select id from messages where deleted_at is not null and id > $3 order by id limit $4
     ), ",
    worded!("page"),
    " select id from page order by id desc limit 1"
);

// A wording was told by the edit that brought it: the one before it, or the message's first event.
const EDITED: &str = concat!(
    "with page as (
         select message_id, replaced_seq, content ~* $1 or content_html ~* $1 as named from message_edits
         where (message_id, replaced_seq) > ($3, $4) order by message_id, replaced_seq limit $5
     ), found as (
         select message_id, replaced_seq from page where named
     ), told as (
         select m.channel_id, coalesce(
             (select max(x.replaced_seq) from message_edits x
              where x.message_id = f.message_id and x.replaced_seq < f.replaced_seq), m.seq) as seq
         from found f
         cross join lateral (select channel_id, seq from messages where id = f.message_id offset 0) m
     ), ",
    logged!(),
    ", ",
    edited!(
        "e.message_id = any (array(select message_id from found))
         and exists (select from found f where f.message_id = e.message_id and f.replaced_seq = e.replaced_seq)"
    ),
    " select message_id, replaced_seq from page order by message_id desc, replaced_seq desc limit 1"
);

/// What finds a name where it is mentioned, whatever its capitals and not as the beginning of a longer one; and what
/// takes its place.
#[derive(Debug)]
pub(crate) struct Renaming {
    pattern: String,
    replacement: String,
}

impl Renaming {
    /// The former name of an erased user.
    pub(crate) fn of(user: UserId, former: &str) -> Self {
        Self {
            pattern: format!("@{}(?![.-]*[A-Za-z0-9_])", former.replace('.', "\\.")),
            replacement: format!("@{}", UserErased::username(user)),
        }
    }
}

/// The erased users whose former names are still to be found, with these names.
pub(crate) async fn list(pool: &PgPool) -> Result<Vec<(UserId, String)>> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select user_id, former_username from users where former_username is not null")
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(user, name)| (user.into(), name)).collect())
}

/// Puts `author` into the events of a page of the user's messages behind `after`, renames him there, and blanks those that
/// he had deleted. Answers where to go on.
pub(crate) async fn update_own(
    pool: &PgPool,
    user: UserId,
    author: &str,
    renaming: &Renaming,
    after: Uuid,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(OWN)
        .bind(&renaming.pattern)
        .bind(&renaming.replacement)
        .bind(user.as_uuid())
        .bind(after)
        .bind(author)
        .bind(PAGE)
        .fetch_optional(pool)
        .await
}

/// Renames the user in a page of the messages that mention him behind `after`. Answers where to go on.
pub(crate) async fn update_mentioning(
    pool: &PgPool,
    user: UserId,
    renaming: &Renaming,
    after: (Uuid, i64),
) -> Result<Option<(Uuid, i64)>> {
    sqlx::query_as(MENTIONING)
        .bind(&renaming.pattern)
        .bind(&renaming.replacement)
        .bind(user.as_uuid())
        .bind(after.0)
        .bind(after.1)
        .bind(PAGE)
        .fetch_optional(pool)
        .await
}

/// Renames the user in a page of all deleted messages behind `after`, to which no mention leads. Answers where to go on.
pub(crate) async fn update_deleted(pool: &PgPool, renaming: &Renaming, after: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar(DELETED)
        .bind(&renaming.pattern)
        .bind(&renaming.replacement)
        .bind(after)
        .bind(LOOKED_THROUGH)
        .fetch_optional(pool)
        .await
}

/// Renames the user in a page of all earlier wordings behind `after`, to which no mention leads either. Answers where to
/// go on.
pub(crate) async fn update_edited(
    pool: &PgPool,
    renaming: &Renaming,
    after: (Uuid, i64),
) -> Result<Option<(Uuid, i64)>> {
    sqlx::query_as(EDITED)
        .bind(&renaming.pattern)
        .bind(&renaming.replacement)
        .bind(after.0)
        .bind(after.1)
        .bind(LOOKED_THROUGH)
        .fetch_optional(pool)
        .await
}

/// Forgets what the user had read, the answers kept for his repeated requests, and last his former name.
pub(crate) async fn delete_traces(pool: &PgPool, user: UserId) -> Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query("delete from reads where user_id = $1")
        .bind(user.as_uuid())
        .execute(&mut *transaction)
        .await?;
    // Those of his API keys are kept under his name and their scopes (`TokenIdentity` of crate colink-auth).
    sqlx::query("delete from idempotency_keys where caller = $1 or starts_with(caller, $1 || ' ')")
        .bind(format!("user:{user}"))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("update users set former_username = null where user_id = $1")
        .bind(user.as_uuid())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
