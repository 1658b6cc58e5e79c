//! One channel's events on this node, in order and without a hole.
//!
//! The broker delivers a channel's events in order, and may repeat a stretch after a relay's crash. What
//! it cannot promise is that a node saw the beginning: a room is opened while events are on their way.
//! So a room first learns the channel's head from messaging (the baseline) and keeps what arrives
//! meanwhile; afterwards it lets event `last + 1` through, drops what it has had, and keeps what comes
//! too early until the hole before it is filled from messaging or given up as a gap.

use std::collections::BTreeMap;

/// What a room may keep while it waits. More means that messaging has been away for long: the highest are
/// let go then, never what fills the hole, and the log is read again when the stream has come up to them.
const HELD_LIMIT: usize = 4096;

/// The order of one channel. `T` is whatever travels: a serialised frame.
#[derive(Debug)]
pub struct Ordering<T> {
    last: Option<i64>,
    held: BTreeMap<i64, T>,
}

/// What to do after an event came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// Deliver these, in this order.
    Deliver(Vec<(i64, T)>),
    /// Fetch the events after this one; what came in is kept.
    Missing {
        /// The last event delivered.
        after: i64,
        /// The first one that is held.
        before: i64,
    },
    /// Nothing: a repetition, or the baseline is not known yet.
    Nothing,
}

impl<T> Default for Ordering<T> {
    fn default() -> Self {
        Self { last: None, held: BTreeMap::new() }
    }
}

impl<T> Ordering<T> {
    /// The last event delivered; `None` before the baseline.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// Sets where the room begins. Later calls change nothing.
    pub fn begin(&mut self, head: i64) -> Step<T> {
        if self.last.is_none() {
            self.last = Some(head);
            self.held.retain(|&seq, _| seq > head);
        }
        self.advance()
    }

    /// Takes an event from the broker or from messaging's log.
    pub fn offer(&mut self, seq: i64, event: T) -> Step<T> {
        if self.last.is_some_and(|last| seq <= last) {
            return Step::Nothing;
        }
        if self.last == Some(seq - 1) && self.held.is_empty() {
            self.last = Some(seq);
            return Step::Deliver(vec![(seq, event)]);
        }
        self.held.insert(seq, event);
        let step = self.advance();
        if self.held.len() > HELD_LIMIT {
            self.held.pop_last();
        }
        step
    }

    /// Gives the hole up: events up to `to` are not to be had. The caller tells the sockets of the gap.
    pub fn skip_to(&mut self, to: i64) -> Step<T> {
        if self.last.is_some_and(|last| last < to) {
            self.last = Some(to);
            self.held.retain(|&seq, _| seq > to);
        }
        self.advance()
    }

    fn advance(&mut self) -> Step<T> {
        let Some(mut last) = self.last else { return Step::Nothing };
        let mut ready = Vec::new();
        while let Some(event) = self.held.remove(&(last + 1)) {
            last += 1;
            ready.push((last, event));
        }
        self.last = Some(last);
        match (ready.is_empty(), self.held.keys().next()) {
            (false, _) => Step::Deliver(ready),
            (true, Some(&before)) => Step::Missing { after: last, before },
            (true, None) => Step::Nothing,
        }
    }

    /// The hole that remains, if one does: `(last delivered, first held)`.
    pub fn hole(&self) -> Option<(i64, i64)> {
        Some((self.last?, *self.held.keys().next()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop, proptest};

    use super::{HELD_LIMIT, Ordering, Step};

    const LIMIT: i64 = HELD_LIMIT as i64;

    ///
    #[test]
    fn an_event_that_came_before_the_baseline_is_delivered_if_it_is_newer() {
        let mut room = Ordering::default();
        assert_eq!(room.offer(7, "seven"), Step::Nothing);
        assert_eq!(room.offer(6, "six"), Step::Nothing);
        assert_eq!(room.begin(6), Step::Deliver(vec![(7, "seven")]));
        assert_eq!(room.last(), Some(7));
    }

    ///
    #[test]
    fn a_hole_is_asked_for_once_filled_and_then_passed() {
        let mut room = Ordering::default();
        room.begin(1);
        assert_eq!(room.offer(2, 2), Step::Deliver(vec![(2, 2)]));
        assert_eq!(room.offer(5, 5), Step::Missing { after: 2, before: 5 });
        assert_eq!(room.hole(), Some((2, 5)));
        assert_eq!(room.offer(3, 3), Step::Deliver(vec![(3, 3)]));
        assert_eq!(room.offer(4, 4), Step::Deliver(vec![(4, 4), (5, 5)]));
        assert_eq!(room.hole(), None);
    }

    ///
    #[test]
    fn a_hole_that_cannot_be_filled_is_skipped_and_what_follows_is_delivered() {
        let mut room = Ordering::default();
        room.begin(0);
        room.offer(3, 3);
        assert_eq!(room.skip_to(2), Step::Deliver(vec![(3, 3)]));
    }

    /// a room that holds all that it may still takes what its hole was waiting for.
    #[test]
    fn what_fills_a_hole_has_a_place_in_a_full_room() {
        for missing in [1, 2] {
            let mut room = full_room(missing);
            let mut delivered = Vec::new();
            for seq in 1..=missing {
                if let Step::Deliver(events) = room.offer(seq, ()) {
                    delivered.extend(events.into_iter().map(|(seq, ())| seq));
                }
            }
            assert_eq!(delivered, (1..=missing + LIMIT).collect::<Vec<_>>());
        }
    }

    /// the highest gives way to what comes before it, and is missed when the stream has come up to it.
    #[test]
    fn what_a_full_room_lets_go_is_asked_for_again() {
        let mut room = full_room(2);
        assert_eq!(room.offer(2, ()), Step::Missing { after: 0, before: 2 });
        let lost = LIMIT + 2;
        assert_eq!(room.offer(1, ()), Step::Deliver((1..lost).map(|seq| (seq, ())).collect()));
        assert_eq!(room.offer(lost + 1, ()), Step::Missing { after: lost - 1, before: lost + 1 });
    }

    /// A room that holds all that it may behind so many missing events.
    fn full_room(missing: i64) -> Ordering<()> {
        let mut room = Ordering::default();
        room.begin(0);
        for seq in missing + 1..=missing + LIMIT {
            assert_eq!(room.offer(seq, ()), Step::Missing { after: 0, before: missing + 1 });
        }
        room
    }

    /// A stretch of events, each possibly repeated and displaced.
    fn arrivals() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(any::<prop::sample::Index>(), 0..30).prop_flat_map(|extra| {
            let mut seqs: Vec<i64> = (1..=40).collect();
            let repeats: Vec<i64> = extra.iter().map(|index| seqs[index.index(40)]).collect();
            seqs.extend(repeats);
            Just(seqs).prop_shuffle()
        })
    }

    proptest! {
        /// whatever the order and the repetitions, each event is delivered once and in order.
        #[test]
        fn every_event_is_delivered_once_and_in_order(seqs in arrivals(), baseline in 0i64..40) {
            let mut room = Ordering::default();
            let mut delivered = Vec::new();
            let mut take = |step| if let Step::Deliver(events) = step {
                delivered.extend(events.into_iter().map(|(seq, _)| seq));
            };
            for (index, seq) in seqs.iter().enumerate() {
                if index == 10 {
                    take(room.begin(baseline));
                }
                take(room.offer(*seq, ()));
            }
            let expected: Vec<i64> = (baseline + 1..=40).collect();
            assert_eq!(delivered, expected);
        }
    }
}
