//! `/channels/{channel_id}/read` and `/unreads`.

pub(crate) mod list;
pub(crate) mod mark;

use colink_core::id::ChannelId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::reads::Unread;

/// The unread state of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreadView {
    /// The channel.
    channel_id: ChannelId,
    /// What the user has read: everything up to this number.
    #[schema(example = 40)]
    last_read_seq: i64,
    /// The last number given out in the channel.
    #[schema(example = 43)]
    head_seq: i64,
    /// Messages of others after it, at most 999.
    #[schema(example = 3, maximum = 999)]
    unread_count: i64,
    /// Those among them and among replies that call the user, at most 999.
    #[schema(example = 1, maximum = 999)]
    mention_count: i64,
}

impl From<Unread> for UnreadView {
    fn from(row: Unread) -> Self {
        Self {
            channel_id: row.channel_id.into(),
            last_read_seq: row.last_read_seq,
            head_seq: row.head_seq,
            unread_count: row.unread_count,
            mention_count: row.mention_count,
        }
    }
}
