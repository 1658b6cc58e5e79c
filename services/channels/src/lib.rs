#![doc = include_str!("../README.md")]

mod access;
mod app;
mod change;
pub mod config;
mod consumers;
mod domain;
mod error;
mod jobs;
mod membership;
mod metrics;
mod peers;
mod routes;
mod state;
mod store;

pub use app::Channels;
pub use state::State;
