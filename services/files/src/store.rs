//! Queries, one file per aggregate. Only operations on one document at a time are used, and no update pipelines, so that
//! any server with the protocol will do.

pub(crate) mod bypasses;
pub(crate) mod files;
pub(crate) mod list;
pub(crate) mod pending_events;
mod row;
pub(crate) mod uploaders;

use bson::DateTime as Moment;
use colink_core::time::Timestamp;

fn moment(timestamp: Timestamp) -> Moment {
    Moment::from_millis(timestamp.as_millis())
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::from_millis(moment.timestamp_millis())
}
