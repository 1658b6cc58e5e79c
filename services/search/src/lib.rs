#![doc = include_str!("../README.md")]

mod access;
mod app;
pub mod config;
mod consumers;
mod domain;
mod error;
mod jobs;
mod metrics;
mod routes;
mod state;
mod store;
mod view;

pub use app::Search;
pub use state::State;
