#![doc = include_str!("../README.md")]

mod deadline;
mod error;
pub mod mongo;
pub mod postgres;
pub mod redis;
pub mod s3;

pub use deadline::bounded;
pub use error::{BoxError, StoreError};
