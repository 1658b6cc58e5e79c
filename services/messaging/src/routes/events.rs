//! `/channels/{channel_id}/events`.

pub(crate) mod list;

use colink_core::id::ChannelId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Result};
use crate::state::State;
use crate::store::log::{self, ChannelEvent, Stretch};

/// Most events of one answer.
pub(crate) const MAX_LIMIT: u32 = 500;

/// Numbers that are no longer kept, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Gap {
    /// The first missing number.
    #[schema(example = 1)]
    from: i64,
    /// The last missing number.
    #[schema(example = 41)]
    to: i64,
}

/// A stretch of a channel's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelEvents {
    /// Every change after the asked number, in order, without holes.
    events: Vec<ChannelEvent>,
    /// What to ask after next time.
    #[schema(example = 43)]
    next_after: i64,
    /// The last number given out in the channel; nothing is missing when `next_after` has reached it.
    #[schema(example = 43)]
    head_seq: i64,
    /// The first number that is still kept.
    #[schema(example = 1)]
    oldest_seq: i64,
    /// Changes that are no longer kept: read the history anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<Gap>,
}

/// Reads the log after a number.
///
/// # Errors
/// [`Error::NotFound`] for an unknown channel.
pub(crate) async fn read(
    state: &State,
    channel_id: ChannelId,
    after: i64,
    limit: i64,
) -> Result<ChannelEvents> {
    let stretch = log::after(&state.pool, channel_id, after, limit).await?;
    Ok(answer(stretch.ok_or(Error::NotFound("channel"))?, after))
}

fn answer(Stretch { events, head_seq, oldest_seq }: Stretch, after: i64) -> ChannelEvents {
    let gap = (after.saturating_add(1) < oldest_seq).then(|| Gap { from: after + 1, to: oldest_seq - 1 });
    let reached = gap.map_or(after, |gap| gap.to);
    let next_after = events.last().map_or(reached, |event| event.seq);
    ChannelEvents { events, next_after, head_seq, oldest_seq, gap }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(head_seq: i64, oldest_seq: i64, after: i64) -> (i64, Option<Gap>) {
        let answer = answer(Stretch { events: Vec::new(), head_seq, oldest_seq }, after);
        (answer.next_after, answer.gap)
    }

    /// M-10.
    #[test]
    fn what_is_no_longer_kept_is_a_gap() {
        assert_eq!(at(0, 1, 0), (0, None));
        assert_eq!(at(9, 10, 9), (9, None));
        assert_eq!(at(9, 10, 4), (9, Some(Gap { from: 5, to: 9 })));
        assert_eq!(at(9, 4, 3), (3, None));
        assert_eq!(at(9, 4, 2), (3, Some(Gap { from: 3, to: 3 })));
        assert_eq!(at(9, 4, 50), (50, None));
    }
}
