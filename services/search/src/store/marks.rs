//! Pins and reactions. They are kept apart from messages, so that they may be heard of before the message is.

use colink_core::id::MessageId;
use colink_events::messages::{PinPayload, ReactionPayload};
use sqlx::PgPool;

/// Takes over whether a message is pinned.
pub(crate) async fn set_pin(pool: &PgPool, pin: &PinPayload, present: bool) -> Result<(), sqlx::Error> {
    set(pool, pin.message_id, "pin", present, pin.seq).await
}

/// Takes over whether anybody reacts with an emoji.
pub(crate) async fn set_reaction(pool: &PgPool, reaction: &ReactionPayload) -> Result<(), sqlx::Error> {
    let mark = format!("r:{}", reaction.emoji);
    set(pool, reaction.message_id, &mark, reaction.count > 0, reaction.seq).await
}

async fn set(
    pool: &PgPool,
    message: MessageId,
    mark: &str,
    present: bool,
    seq: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into message_marks (message_id, mark, present, seq) values ($1, $2, $3, $4)
         on conflict (message_id, mark) do update set present = excluded.present, seq = excluded.seq
         where message_marks.seq < excluded.seq",
    )
    .bind(message.as_uuid())
    .bind(mark)
    .bind(present)
    .bind(seq)
    .execute(pool)
    .await?;
    Ok(())
}
