//! Logs as tests need them, without the posts that would fill them.

use colink_core::clock::SystemClock;
use colink_core::id::ChannelId;
use sqlx::PgPool;
use uuid::Uuid;

/// A channel whose log has rows of these ages in days, from its first one on, published up to `published`.
pub(crate) async fn log(pool: &PgPool, published: i64, ages: &[i64]) -> Uuid {
    let channel = ChannelId::generate(&SystemClock).as_uuid();
    sqlx::query(
        "with head as (
             insert into channel_heads (channel_id, workspace_id, kind, archived, version, last_seq, published_seq, shard)
             values ($1, $1, 'public', false, 1, cardinality($3), $2, 0)
         )
         insert into channel_events (channel_id, seq, event_id, type, at, head, data)
         select $1, seq, gen_random_uuid(), 'message.created', now() - make_interval(days => age::int), '', '{}'
         from unnest($3::bigint[]) with ordinality ages (age, seq)",
    )
    .bind(channel)
    .bind(published)
    .bind(ages)
    .execute(pool)
    .await
    .unwrap();
    channel
}
