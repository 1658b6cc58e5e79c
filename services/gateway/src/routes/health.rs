//! How the fleet is.

pub mod get;
