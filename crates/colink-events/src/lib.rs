#![doc = include_str!("../README.md")]

mod cause;
mod envelope;
mod event;
mod registry;
mod topic;

pub mod channels;
pub mod files;
pub mod messages;
pub mod moderation;
pub mod users;

pub use cause::{Actor, Cause};
pub use envelope::{Envelope, OpenError, ReadError, SealError};
pub use event::Event;
pub use registry::{EVENTS, EventSpec, Opened, mirrored_types};
pub use topic::{PARTITIONS, Topic, TopicRole, TopicSpec, all_topics};
