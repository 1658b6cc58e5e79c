#![doc = include_str!("../README.md")]

mod access;
mod app;
pub mod config;
mod consumers;
pub mod domain;
mod error;
mod follow;
mod holes;
mod hub;
mod jobs;
mod metrics;
mod notices;
mod outdated;
mod peers;
mod rights;
mod routes;
mod sends;
mod session;
mod state;
mod store;
mod typing;
mod visibility;

pub use app::Presence;
