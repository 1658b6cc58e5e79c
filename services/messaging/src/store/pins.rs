//! Pins: a mark on the message. Inside a turn.

use chrono::{DateTime, Utc};
use colink_core::id::{MessageId, UserId};
use sqlx::PgConnection;

/// Sets or takes off the pin; `seq` is the number of the event that says so.
pub(crate) async fn update(
    db: &mut PgConnection,
    id: MessageId,
    pinned: Option<(UserId, DateTime<Utc>)>,
    seq: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("update messages set pinned_by = $2, pinned_at = $3, changed_seq = $4 where id = $1")
        .bind(id.as_uuid())
        .bind(pinned.map(|(user_id, _)| user_id.as_uuid()))
        .bind(pinned.map(|(_, at)| at))
        .bind(seq)
        .execute(db)
        .await?;
    Ok(())
}
