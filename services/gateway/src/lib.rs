#![doc = include_str!("../README.md")]

mod access;
mod api_keys;
mod app;
pub mod config;
pub mod domain;
mod error;
mod exchange;
mod forward;
mod limits;
mod metrics;
mod provider_tokens;
mod proxy;
mod routes;
mod socket;
mod state;
mod tunnel;
mod upstreams;

pub use app::Gateway;
