//! Erased users, and a channel with all the places where one of them can be named.

use colink_core::clock::SystemClock;
use colink_core::id::{ChannelId, UserId};
use colink_events::messages::Author;
use sqlx::PgPool;

use crate::store::users;

// Every 20th message is his own, and half of those are deleted; the one behind it mentions him. Every fifth was edited and
// named him before. Those that end in 5 named him and are deleted.
const MESSAGES: &str = "
    insert into messages (id, channel_id, workspace_id, seq, changed_seq, in_channel, author_id, fingerprint, content,
                          content_html, deleted_at, created_at)
    select gen_random_uuid(), $1, $1, 2 * n, 2 * n + (n % 5 = 0)::int, true, case when n % 20 = 0 then $2 else $1 end, '',
           text, '<p>' || text || '</p>', case when n % 40 = 20 or n % 10 = 5 then now() end, now()
    from generate_series(1::bigint, $4) n,
         lateral (select case when n % 20 in (0, 1) or n % 10 = 5 then 'hi @' || $3::text else 'hi' end as text) t";

const MENTIONS: &str = "
    insert into message_mentions (user_id, channel_id, seq, message_id)
    select $2, channel_id, seq, id from messages where channel_id = $1 and seq % 40 = 2";

const EDITS: &str = "
    insert into message_edits (message_id, replaced_seq, content, content_html, written_at, replaced_at)
    select id, changed_seq, '@' || upper($2) || '?', '<p>@' || upper($2) || '?</p>', now(), now()
    from messages where channel_id = $1 and changed_seq > seq";

const EVENTS: &str = "
    insert into channel_events (channel_id, seq, event_id, type, at, head, data)
    select $1, w.seq, gen_random_uuid(), w.type, now(), repeat('h', 400), json_build_object(
               'author', json_build_object('id', m.author_id, 'username', case when m.author_id = $2 then $3 else 'x' end),
               'content', case when m.deleted_at is null then w.text else '' end,
               'content_html', case when m.deleted_at is null then '<p>' || w.text || '</p>' else '' end)::text
    from messages m left join message_edits e on e.message_id = m.id,
         lateral (values (m.seq, 'message.created', coalesce(e.content, m.content)),
                         (m.changed_seq, 'message.updated', m.content)) w (seq, type, text)
    where m.channel_id = $1 and (w.type = 'message.created' or m.changed_seq > m.seq)";

/// Somebody who was called so when he was erased.
pub(crate) async fn erased(pool: &PgPool, former: &str) -> UserId {
    let id = UserId::generate(&SystemClock);
    let (username, display_name) = (former.to_owned(), former.to_owned());
    let author = Author { id, username, display_name, avatar_url: None, bot: false };
    let mut connection = pool.acquire().await.unwrap();
    users::upsert(&mut connection, &author, 1).await.unwrap();
    users::erase(&mut connection, id).await.unwrap();
    id
}

/// A channel with so many messages, a part of them by him or about him.
pub(crate) async fn texts(pool: &PgPool, user: UserId, former: &str, messages: i64) {
    let (channel, user) = (ChannelId::generate(&SystemClock).as_uuid(), user.as_uuid());
    let insert = sqlx::query(MESSAGES).bind(channel).bind(user).bind(former).bind(messages);
    insert.execute(pool).await.unwrap();
    sqlx::query(MENTIONS).bind(channel).bind(user).execute(pool).await.unwrap();
    sqlx::query(EDITS).bind(channel).bind(former).execute(pool).await.unwrap();
    sqlx::query(EVENTS).bind(channel).bind(user).bind(former).execute(pool).await.unwrap();
}
