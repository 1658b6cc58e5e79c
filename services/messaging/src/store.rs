//! Queries of the messaging database, one file per aggregate. Rows never leave this module.
//!
//! Lock order: the row of `channel_heads` first, and of several rows by id. Only [`send`] and [`turn`] take sequence numbers.

pub(crate) mod erasure;
pub(crate) mod history;
pub(crate) mod log;
pub(crate) mod messages;
pub(crate) mod pins;
pub(crate) mod projections;
pub(crate) mod reactions;
pub(crate) mod reads;
pub(crate) mod retention;
pub(crate) mod send;
pub(crate) mod standing;
pub(crate) mod threads;
pub(crate) mod turn;
pub(crate) mod users;
pub(crate) mod written;
