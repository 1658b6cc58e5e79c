//! `thread.updated`: what replying and deleting a reply both say.

use colink_core::id::{MessageId, UserId};
use colink_core::time::Timestamp;
use colink_events::messages::ThreadUpdated;

use crate::store::threads::Summary;
use crate::store::turn::Turn;

/// The event that gives a thread's new summary the next number of the turn.
pub(crate) fn summary_changed(turn: &Turn, root_id: MessageId, summary: Summary) -> ThreadUpdated {
    ThreadUpdated {
        root_id,
        channel_id: turn.channel_id,
        workspace_id: turn.workspace_id,
        seq: turn.next_seq(),
        reply_count: i64::from(summary.reply_count),
        last_reply_at: summary.last_reply_at.map(Timestamp::from),
        participants: summary.participants.into_iter().map(UserId::from).collect(),
        last_reply_id: summary.last_reply_id.map(MessageId::from),
    }
}
