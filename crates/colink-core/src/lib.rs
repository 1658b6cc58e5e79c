#![doc = include_str!("../README.md")]

pub mod clock;
pub mod error;
pub mod id;
pub mod page;
pub mod permission;
pub mod role;
pub mod schema;
pub mod text;
pub mod time;
