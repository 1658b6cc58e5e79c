#![doc = include_str!("../README.md")]

pub mod backoff;
mod client;
pub mod config;
pub mod consumer;
mod error;
pub mod event;
pub mod lease;
pub mod log_relay;
mod metrics;
pub mod outbox;
pub mod producer;
pub mod shard;
pub mod tail;
pub mod topics;

pub use config::KafkaConfig;
pub use consumer::{Consumer, HandleError, Handler, RawHandler, inbox};
pub use error::BusError;
pub use event::{EventHead, OutgoingEvent};
pub use log_relay::{LogRelay, LogRelayHandle, LogRow};
pub use producer::{DeliveryFuture, Producer};
pub use tail::{Tail, TailItem, TailReadiness};
pub use topics::ensure_topics;
