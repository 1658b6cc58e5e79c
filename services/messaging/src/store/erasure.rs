//! Making a user anonymous in what is stored finished: events of the log, texts that mention him.
//!
//! Every statement takes one page and can be repeated: what is rewritten is found no more, or rewritten to the same.

use colink_core::id::UserId;
use colink_events::users::UserErased;
use sqlx::PgPool;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Messages that one statement takes.
const PAGE: i64 = 200;

/// The events of the log that tell of the messages in `page`: when they were written, and every edit.
macro_rules! told {
    () => {
        "told as (
             select channel_id, seq, deleted_at from page
             union select channel_id, changed_seq, deleted_at from page
             union select p.channel_id, e.replaced_seq, p.deleted_at
               from page p join message_edits e on e.message_id = p.id
         )"
    };
}

/// Puts `$2` in place of what `$1` finds, in the messages of `page`, their earlier wordings and their events.
macro_rules! reworded {
    () => {
        concat!(
            told!(),
            ", logged as (
                 update channel_events v set data = regexp_replace(v.data, $1, $2, 'gi')
                 from told t
                 where v.channel_id = t.channel_id and v.seq = t.seq
                   and v.type in ('message.created', 'message.updated')
             ), worded as (
                 update messages m
                 set content = regexp_replace(m.content, $1, $2, 'gi'),
                     content_html = regexp_replace(m.content_html, $1, $2, 'gi')
                 from page p where m.id = p.id
             ), edited as (
                 update message_edits e
                 set content = regexp_replace(e.content, $1, $2, 'gi'),
                     content_html = regexp_replace(e.content_html, $1, $2, 'gi')
                 from page p where e.message_id = p.id
             ) "
        )
    };
}

const OWN: &str = concat!(
    "with page as (
         select id, channel_id, seq, changed_seq, deleted_at from messages
         where author_id = $1 and id > $2 order by id limit $4
     ), ",
    told!(),
    ", logged as (
         update channel_events v
         set data = (jsonb_set(v.data::jsonb, '{author}', $3::jsonb)
                     || case when t.deleted_at is null then '{}'
                             else '{\"content\":\"\",\"content_html\":\"\"}' end::jsonb)::text
         from told t
         where v.channel_id = t.channel_id and v.seq = t.seq and v.type in ('message.created', 'message.updated')
     ), blanked as (
         update messages m set content = '', content_html = '', mentions = '[]'
         from page p where m.id = p.id and p.deleted_at is not null
     ), forgotten as (
         delete from message_edits e using page p where e.message_id = p.id and p.deleted_at is not null
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
    reworded!(),
    "select channel_id, seq from page order by channel_id desc, seq desc limit 1"
);

const LEFT_OVER: &str = concat!(
    "with found as (
         select id from messages where deleted_at is not null and content ~* $1
         union
         select message_id from message_edits where content ~* $1
         limit $3
     ), page as (
         select m.id, m.channel_id, m.seq, m.changed_seq, m.deleted_at from found f join messages m on m.id = f.id
     ), ",
    reworded!(),
    "select count(*) from page"
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

/// Puts `author` into the events of a page of the user's messages behind `after`, and blanks those that he had deleted.
/// Answers where to go on.
pub(crate) async fn update_own(
    pool: &PgPool,
    user: UserId,
    author: &str,
    after: Uuid,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(OWN)
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

/// Renames the user where no mention leads: in deleted messages and earlier wordings. Those are read from end to end,
/// which is done in the background and once in the life of a user. Answers how many messages were found.
pub(crate) async fn update_left_over(pool: &PgPool, renaming: &Renaming) -> Result<i64> {
    sqlx::query_scalar(LEFT_OVER)
        .bind(&renaming.pattern)
        .bind(&renaming.replacement)
        .bind(PAGE)
        .fetch_one(pool)
        .await
}

/// Forgets what the user had read, the answers kept for his repeated requests, and last his former name.
pub(crate) async fn delete_traces(pool: &PgPool, user: UserId) -> Result<()> {
    let mut transaction = pool.begin().await?;
    sqlx::query("delete from reads where user_id = $1")
        .bind(user.as_uuid())
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from idempotency_keys where caller = $1")
        .bind(format!("user:{user}"))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("update users set former_username = null where user_id = $1")
        .bind(user.as_uuid())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}
