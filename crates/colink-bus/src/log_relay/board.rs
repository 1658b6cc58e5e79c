//! Acknowledgements on their way from the producer's thread to the relay.
//!
//! Not a channel: the relay looks every few milliseconds, and the number of entries is bounded by the records that it has
//! let into flight.

use std::sync::{Mutex, PoisonError};

use colink_core::id::ChannelId;

/// Which record an acknowledgement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) channel_id: ChannelId,
    pub(crate) seq: i64,
    pub(crate) mirror: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) ticket: Ticket,
    pub(crate) stored: bool,
}

#[derive(Default)]
pub(crate) struct AckBoard {
    acks: Mutex<Vec<Ack>>,
}

impl AckBoard {
    pub(crate) fn post(&self, ticket: Ticket, stored: bool) {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner).push(Ack { ticket, stored });
    }

    /// Takes everything, in the order of arrival; `into` is emptied first and its memory reused.
    pub(crate) fn take(&self, into: &mut Vec<Ack>) {
        into.clear();
        std::mem::swap(&mut *self.acks.lock().unwrap_or_else(PoisonError::into_inner), into);
    }
}
